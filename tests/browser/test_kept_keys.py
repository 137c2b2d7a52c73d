"""What a modified client can do that keeps every key it ever had: nothing with what is sent after or before its time.

Ciphertexts are kept as they reach another member's worker, and then tried with all that the modified client has kept.
"""

from __future__ import annotations

import json

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.canary import comes_listening
from tests.browser.chatting import words, write
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant, eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

# The page of a modified client never ends its worker.
IMMORTAL = "Worker.prototype.terminate = () => undefined"
# Its worker keeps the epochs' own keys, and what came to be decrypted: frames, and what people share.
KEEPING = """(() => {
  self.kept = { epochs: [], heard: [], shared: [] };
  const { decrypt, importKey } = SubtleCrypto.prototype;
  const bytesOf = (data) => new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  SubtleCrypto.prototype.importKey = async function (format, data, algorithm, ...rest) {
    const key = await importKey.call(this, format, data, algorithm, ...rest);
    if ((algorithm.name ?? algorithm) === "HKDF") kept.epochs.push(key);
    return key;
  };
  SubtleCrypto.prototype.decrypt = function (algorithm, key, data) {
    if (algorithm.name === "AES-GCM") {
      const [iv, additionalData, sealed] = [algorithm.iv, algorithm.additionalData ?? [], data].map(bytesOf);
      const isShared = String.fromCharCode(...additionalData).includes("conclave data v1");
      const ciphertext = { iv: [...iv], additionalData: [...additionalData], data: [...sealed] };
      (isShared ? kept.shared : kept.heard).push(ciphertext);
    }
    return decrypt.call(this, algorithm, key, data);
  };
  // RFC 9605 section 4.3: what is authenticated begins with the header, which names the key.
  const kidOf = ([config, ...rest]) => {
    const [isLong, bits] = [config >> 7, (config >> 4) & 7];
    const octets = isLong ? rest.slice(0, bits + 1) : [bits];
    return octets.reduce((kid, octet) => (kid << 8n) | BigInt(octet), 0n);
  };
  // RFC 9605 section 4.4.2, suite 5: what an epoch's key makes for anybody in it, and for any later number of it.
  const derive = async (epoch, kid) => {
    const info = new Uint8Array([...new TextEncoder().encode("SFrame 1.0 Secret key "), ...new Array(8), 0, 5]);
    new DataView(info.buffer).setBigUint64(info.length - 10, kid);
    const algorithm = { name: "HKDF", hash: "SHA-512", salt: new Uint8Array(), info };
    const bits = await crypto.subtle.deriveBits(algorithm, epoch, 256);
    return importKey.call(crypto.subtle, "raw", bits, "AES-GCM", false, ["decrypt"]);
  };
  self.opens = async ({ iv, additionalData, data }) => {
    const [nonce, authenticated, sealed] = [iv, additionalData, data].map((octets) => Uint8Array.from(octets));
    const algorithm = { name: "AES-GCM", iv: nonce, additionalData: authenticated };
    const tries = kept.epochs.map(async (epoch) => {
      await decrypt.call(crypto.subtle, algorithm, await derive(epoch, kidOf(additionalData)), sealed);
    });
    return (await Promise.allSettled(tries)).some(({ status }) => status === "fulfilled");
  };
})()"""
ENOUGH = 60
BEFORE, DURING, AFTER = "Before Mallory came", "While Mallory is here", "After Mallory was removed"


def hears(person: Participant) -> list[object]:
    """Ciphertexts of frames that came to somebody's worker from now on."""
    person.page.do("inWorker", "kept.heard.length = 0")
    count = "kept.heard.length"
    eventually("ciphertexts come", 60, lambda: int(person.page.do("inWorker", count)) >= ENOUGH)
    heard: list[object] = person.page.do("inWorker", f"kept.heard.slice(0, {ENOUGH})")
    return heard


def is_told(person: Participant, author: Participant, text: str) -> list[object]:
    """The ciphertexts of a line that somebody writes, as it comes to somebody's worker; both have the chat open."""
    person.page.do("inWorker", "kept.shared.length = 0")
    write(author, text)
    person.must_see(reads(text))
    shared: list[object] = person.page.do("inWorker", "kept.shared")
    assert shared
    return shared


def reads(text: str) -> str:
    return f"[...document.querySelectorAll('.chat-words')].some((each) => each.textContent === {text!r})"


def opens(person: Participant, ciphertexts: list[object]) -> int:
    """How many of these a client opens with any key that it has kept."""
    opened = f"Promise.all({json.dumps(ciphertexts)}.map(opens))"
    return sum(person.page.do("inWorker", opened))


def test_all_keys_that_one_has_kept_open_nothing_of_before_and_after(
    browsers: Browsers, appliance: RunningAppliance
) -> None:
    appliance.make_room("kept-keys", protection="end-to-end")
    invite = appliance.invite("kept-keys", "--role", "host")
    names = ("Amara Okafor", "Jonas Lindqvist", "Mei-Lin Chen")
    chromium = browsers.get("chromium")
    amara, jonas, mallory = [Participant(chromium, name, None, IMMORTAL) for name in names]
    for each in (amara, jonas):
        comes_listening(each, invite, KEEPING)
    amara.must_see("window.conclave.state().protection.members.length === 2", 30)
    jonas.receives([f"{amara.name}/camera", f"{amara.name}/microphone"], 60)
    for each in (amara, jonas):
        each.press("Chat")
    before = [hears(jonas), is_told(jonas, amara, BEFORE)]
    comes_listening(mallory, appliance.invite("kept-keys"), KEEPING)
    for each in (amara, jonas, mallory):
        each.must_see("window.conclave.state().protection.members.length === 3", 30)
    for other in (amara, jonas):
        mallory.receives([f"{other.name}/camera", f"{other.name}/microphone"], 60)
    mallory.press("Chat")
    during = [hears(jonas), is_told(jonas, amara, DURING)]
    mallory.must_see(words(DURING))
    epoch = amara.state()["protection"]["epoch"]
    amara.press("People")
    amara.press(f"More actions for {mallory.name}")
    amara.press_within(f"More actions for {mallory.name}", "Remove from the meeting")
    amara.must_see(f"document.querySelector('[aria-label=\"Remove {mallory.name}?\"]') !== null")
    amara.press_within(f"Remove {mallory.name}?", "Remove from the meeting")
    for each in (amara, jonas):
        each.must_see(f"window.conclave.state().protection.epoch > {epoch}", 30)
    amara.press("Chat")
    after = [hears(jonas), is_told(jonas, amara, AFTER)]
    # Jonas's own keys open all of it: the ciphertexts are whole.
    for frames, line in (before, during, after):
        assert (opens(jonas, frames), opens(jonas, line)) == (ENOUGH, len(line))
    # Mallory was there meanwhile: her keys are those of the meeting, then. Amara's first frames of an epoch are older.
    frames, line = during
    assert opens(mallory, frames) > ENOUGH // 2
    assert opens(mallory, line) == len(line)
    for some in (*before, *after):
        assert opens(mallory, some) == 0
    for each in (amara, jonas, mallory):
        each.close()
