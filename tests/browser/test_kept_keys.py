"""What a modified client can do that keeps every key it ever had: nothing with what is sent after or before its time.

Ciphertexts are kept as they reach another member's worker, and then tried with all that the modified client has kept.
"""

from __future__ import annotations

import pytest
from tests.browser.appliance import RunningAppliance
from tests.browser.canary import comes_listening
from tests.browser.conftest import Browsers
from tests.browser.participants import Participant, eventually

pytestmark = [pytest.mark.full, pytest.mark.timeout(300)]

# The page of a modified client never ends its worker.
IMMORTAL = "Worker.prototype.terminate = () => undefined"
# Its worker keeps all keys, and what came to be decrypted.
KEEPING = """(() => {
  self.kept = { keys: [], heard: [] };
  const { decrypt, importKey } = SubtleCrypto.prototype;
  const numbers = (data) => [...new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength)];
  self.opensWith = (key, { algorithm, data }) => decrypt.call(crypto.subtle, algorithm, key, data);
  SubtleCrypto.prototype.importKey = async function (format, data, algorithm, ...rest) {
    if ((algorithm.name ?? algorithm) === "AES-GCM") {
      kept.keys.push(await importKey.call(this, format, data.slice(), "AES-GCM", false, ["decrypt"]));
    }
    return importKey.call(this, format, data, algorithm, ...rest);
  };
  SubtleCrypto.prototype.decrypt = function (algorithm, key, data) {
    if (algorithm.name === "AES-GCM") {
      const { iv, additionalData = new Uint8Array() } = algorithm;
      kept.heard.push({ iv: numbers(iv), additionalData: numbers(additionalData), data: numbers(data) });
    }
    return decrypt.call(this, algorithm, key, data);
  };
})()"""
ENOUGH = 60


def hears(person: Participant) -> list[object]:
    """Ciphertexts that came to somebody's worker from now on."""
    person.page.do("inWorker", "kept.heard.length = 0")
    count = "kept.heard.length"
    eventually("ciphertexts come", 60, lambda: int(person.page.do("inWorker", count)) >= ENOUGH)
    heard: list[object] = person.page.do("inWorker", f"kept.heard.slice(0, {ENOUGH})")
    return heard


def opens(person: Participant, ciphertexts: list[object]) -> int:
    """How many of these a client opens with any key that it has kept."""
    trying = f"""(async () => {{
      let opened = 0;
      for (const {{ iv, additionalData, data }} of {ciphertexts}) {{
        const bytes = (numbers) => Uint8Array.from(numbers);
        const algorithm = {{ name: "AES-GCM", iv: bytes(iv), additionalData: bytes(additionalData) }};
        const tries = kept.keys.map((key) => opensWith(key, {{ algorithm, data: bytes(data) }}));
        if ((await Promise.allSettled(tries)).some(({{ status }}) => status === "fulfilled")) opened++;
      }}
      return opened;
    }})()"""
    return int(person.page.do("inWorker", trying))


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
    before = hears(jonas)
    comes_listening(mallory, appliance.invite("kept-keys"), KEEPING)
    for each in (amara, jonas, mallory):
        each.must_see("window.conclave.state().protection.members.length === 3", 30)
    for other in (amara, jonas):
        mallory.receives([f"{other.name}/camera", f"{other.name}/microphone"], 60)
    during = hears(jonas)
    epoch = amara.state()["protection"]["epoch"]
    amara.press("People")
    amara.press(f"More actions for {mallory.name}")
    amara.press_within(f"More actions for {mallory.name}", "Remove from the meeting")
    amara.must_see(f"document.querySelector('[aria-label=\"Remove {mallory.name}?\"]') !== null")
    amara.press_within(f"Remove {mallory.name}?", "Remove from the meeting")
    for each in (amara, jonas):
        each.must_see(f"window.conclave.state().protection.epoch > {epoch}", 30)
    after = hears(jonas)
    # Jonas's own keys open all of it: the ciphertexts are whole.
    assert [opens(jonas, some) for some in (before, during, after)] == [ENOUGH] * 3
    # Mallory was there meanwhile: her keys are those of the meeting, then. Amara's first frames of an epoch are older.
    assert opens(mallory, during) > ENOUGH // 2
    assert opens(mallory, before) == 0
    assert opens(mallory, after) == 0
    for each in (amara, jonas, mallory):
        each.close()
