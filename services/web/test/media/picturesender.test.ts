import assert from "node:assert/strict";
import { test } from "node:test";

import { VideoCodec } from "../../src/gen/conclave/v1/signalling_pb.js";
import { PictureSender } from "../../src/media/picturesender.ts";
import { encodingsFor, SCREEN_ENCODINGS } from "../../src/media/simulcast.ts";
import { settled } from "../protocol/simulated.ts";

const { VP8, VP9 } = VideoCodec;
/** As browsers tell them once the answer is there. */
const ONLY_VP8 = [
  { mimeType: "video/VP8", clockRate: 90000, payloadType: 96 },
  { mimeType: "video/rtx", clockRate: 90000, payloadType: 97, sdpFmtpLine: "apt=96" },
];
const BOTH = [...ONLY_VP8, { mimeType: "video/VP9", clockRate: 90000, payloadType: 98, sdpFmtpLine: "profile-id=0" }];

/** A sender as browsers have it: parameters are only taken if they are the ones that were read last, and one at a time. */
class FakeSender {
  track: { getSettings(): MediaTrackSettings } | null = null;
  encodings: (RTCRtpEncodingParameters & { codec?: RTCRtpCodec })[] = encodingsFor(1280, 720);
  codecs: RTCRtpCodecParameters[] = [];
  #read: object | undefined;
  #busy = false;

  getParameters(): object {
    this.#read = { encodings: this.encodings.map((encoding) => ({ ...encoding })), codecs: this.codecs };
    return this.#read;
  }

  async setParameters(parameters: { encodings: RTCRtpEncodingParameters[] }): Promise<void> {
    assert.equal(parameters, this.#read);
    assert.ok(!this.#busy);
    this.#busy = true;
    await settled();
    this.#busy = false;
    this.#read = undefined;
    this.encodings = parameters.encodings;
  }

  show(width: number, height: number): void {
    this.track = { getSettings: () => ({ width, height }) };
  }

  get sent(): string {
    return this.encodings.flatMap(({ rid, active }) => (active === true ? [rid] : [])).join("");
  }
}

function setUp(): { sender: FakeSender; picture: PictureSender } {
  const sender = new FakeSender();
  return { sender, picture: new PictureSender(sender as unknown as RTCRtpSender, encodingsFor) };
}

test("all layers are sent until somebody says which are wanted", async () => {
  const { sender, picture } = setUp();
  sender.show(1280, 720);
  await picture.fit();
  assert.equal(sender.sent, "qhf");
});

test("what is wanted is kept for the next camera, in its own size", async () => {
  const { sender, picture } = setUp();
  await picture.want([2], VP8);
  sender.show(640, 360);
  await picture.fit();
  assert.equal(sender.sent, "h");
  sender.show(1280, 720);
  await picture.fit();
  assert.equal(sender.sent, "f");
  assert.equal(sender.encodings[2]?.scaleResolutionDownBy, 1);
});

test("wishes that come close together are carried out in their order", async () => {
  const { sender, picture } = setUp();
  sender.show(1280, 720);
  await Promise.all([picture.fit(), picture.want([], VP8), picture.want([0, 2], VP8), picture.fit(), picture.want([1], VP8)]);
  assert.equal(sender.sent, "h");
});

test("a wish that could not be carried out does not hold up the next", async () => {
  const { sender, picture } = setUp();
  sender.show(1280, 720);
  const { setParameters } = sender;
  sender.setParameters = () => Promise.reject(new Error("closed"));
  await assert.rejects(picture.want([0], VP8), /closed/);
  sender.setParameters = setParameters;
  await picture.want([1], VP8);
  assert.equal(sender.sent, "h");
});

function shareScreen(): { sender: FakeSender; picture: PictureSender; codec: () => string | undefined } {
  const sender = new FakeSender();
  sender.encodings = [...SCREEN_ENCODINGS];
  sender.show(1280, 720);
  const picture = new PictureSender(sender as unknown as RTCRtpSender, () => SCREEN_ENCODINGS);
  return { sender, picture, codec: () => sender.encodings[0]?.codec?.mimeType };
}

test("a screen goes over to VP9 when all decode it, and back when somebody comes who does not", async () => {
  const { sender, picture, codec } = shareScreen();
  sender.codecs = BOTH;
  await picture.fit();
  assert.equal(codec(), "video/VP8");
  await picture.want([0], VP9);
  assert.equal(codec(), "video/VP9");
  await picture.want([0], VP8);
  assert.equal(codec(), "video/VP8");
});

test("what was wanted before the answer is sent once the answer says that it can be", async () => {
  const { sender, picture, codec } = shareScreen();
  await picture.want([0], VP9);
  assert.equal(codec(), undefined);
  sender.codecs = BOTH;
  await picture.fit();
  assert.equal(codec(), "video/VP9");
});

test("a picture for which only VP8 was negotiated stays as it is", async () => {
  const { sender, picture, codec } = shareScreen();
  sender.codecs = ONLY_VP8;
  await picture.want([0], VP9);
  await picture.want([0], VP8);
  assert.equal(codec(), undefined);
});
