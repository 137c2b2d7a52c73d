const SIZE = 32;

/**
 * The key by which the appliance knows a guest again who has loaded the page anew: random, one a room, kept by the
 * browser as long as the tab is open.
 */
export function returnKeyFor(roomName: string): Uint8Array<ArrayBuffer> {
  const name = `conclave.return.${roomName}`;
  try {
    const kept = sessionStorage.getItem(name);
    if (kept !== null) return Uint8Array.from(atob(kept), (character) => character.charCodeAt(0));
    const key = crypto.getRandomValues(new Uint8Array(SIZE));
    sessionStorage.setItem(name, btoa(String.fromCharCode(...key)));
    return key;
  } catch {
    return new Uint8Array(); // A browser that keeps nothing: whoever loads the page anew is somebody new.
  }
}
