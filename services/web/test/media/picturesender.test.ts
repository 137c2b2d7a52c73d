import assert from "node:assert/strict";
import { test } from "node:test";

import { PictureSender } from "../../src/media/picturesender.ts";
import { encodingsFor } from "../../src/media/simulcast.ts";
import { settled } from "../protocol/simulated.ts";

/** A sender as browsers have it: parameters are only taken if they are the ones that were read last, and one at a time. */
class FakeSender {
  track: { getSettings(): MediaTrackSettings } | null = null;
  encodings: RTCRtpEncodingParameters[] = encodingsFor(1280, 720);
  #read: object | undefined;
  #busy = false;

  getParameters(): object {
    this.#read = { encodings: this.encodings.map((encoding) => ({ ...encoding })) };
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
  await picture.want([2]);
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
  await Promise.all([picture.fit(), picture.want([]), picture.want([0, 2]), picture.fit(), picture.want([1])]);
  assert.equal(sender.sent, "h");
});

test("a wish that could not be carried out does not hold up the next", async () => {
  const { sender, picture } = setUp();
  sender.show(1280, 720);
  const { setParameters } = sender;
  sender.setParameters = () => Promise.reject(new Error("closed"));
  await assert.rejects(picture.want([0]), /closed/);
  sender.setParameters = setParameters;
  await picture.want([1]);
  assert.equal(sender.sent, "h");
});
