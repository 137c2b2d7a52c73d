import assert from "node:assert/strict";
import { test } from "node:test";

import { create, type MessageInitShape } from "@bufbuild/protobuf";

import { SharedFileSchema } from "../../../../src/gen/conclave/v1/content_pb.js";
import { pictureTypeOf } from "../../../../src/session/content/files/picturetype.ts";
import { MAX_PREVIEW, sharedFileFrom } from "../../../../src/session/content/files/sharedfile.ts";

const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8]);
const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function told(more: MessageInitShape<typeof SharedFileSchema> = {}) {
  const whole = { fileId: "abcdefgh22223333", name: "pack.pdf", size: 5n, contentKey: new Uint8Array(32) };
  return sharedFileFrom(create(SharedFileSchema, { ...whole, ...more }));
}

test("what tells of no file that could be read is none", () => {
  assert.equal(told()?.name, "pack.pdf");
  for (const broken of [
    { fileId: "" },
    { fileId: "../../../etc/pass" },
    { fileId: "ABCDEFGH22223333" },
    { contentKey: new Uint8Array(31) },
    { size: 2n ** 60n },
  ]) {
    assert.equal(told(broken), undefined, JSON.stringify(broken, (_, value: unknown) => String(value)));
  }
});

test("a name from outside is made one that shows what it is", () => {
  assert.equal(told({ name: "../photo\u202egpj.exe" })?.name, "_photogpj.exe");
});

test("a picture is one by its own octets, whatever it calls itself", () => {
  assert.equal(pictureTypeOf(JPEG), "image/jpeg");
  assert.equal(pictureTypeOf(utf8("\u0089PNG")), undefined);
  assert.equal(pictureTypeOf(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])), "image/png");
  assert.equal(pictureTypeOf(utf8("GIF89a")), "image/gif");
  assert.equal(pictureTypeOf(utf8("RIFF1234WEBPVP8 ")), "image/webp");
  for (const text of ["<svg xmlns=", "<?xml version", "<!DOCTYPE html>", "%PDF-1.7", "", "RIFF1234WAVE"]) {
    assert.equal(pictureTypeOf(utf8(text)), undefined, text);
  }
});

test("a preview that is no small picture is not shown", () => {
  const preview = { data: JPEG, mediaType: "image/svg+xml", width: 300, height: 200 };
  assert.equal(told({ preview })?.preview?.picture.type, "image/jpeg");
  const svg = utf8("<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>");
  for (const bad of [
    { ...preview, data: svg, mediaType: "image/jpeg" },
    { ...preview, width: 0 },
    { ...preview, height: 1025 },
    { ...preview, data: new Uint8Array([...JPEG, ...new Uint8Array(MAX_PREVIEW)]) },
  ]) {
    assert.equal(told({ preview: bad })?.preview, undefined);
  }
});
