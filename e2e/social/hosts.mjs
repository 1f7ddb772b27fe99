// The one thing that differs from the real providers: their hosts are found at the simulators.

const HOSTS = {
  kakao: ["kauth.kakao.com", "kapi.kakao.com"],
  naver: ["nid.naver.com", "openapi.naver.com"],
  google: ["accounts.google.com", "oauth2.googleapis.com", "openidconnect.googleapis.com", "www.googleapis.com"],
  facebook: ["www.facebook.com", "graph.facebook.com"],
  apple: ["appleid.apple.com"],
};

/** The same address at the simulator. */
export function moved(address, bases) {
  const url = new URL(address);
  const provider = Object.keys(HOSTS).find((name) => HOSTS[name].includes(url.host));
  return provider ? new URL(url.pathname + url.search, bases[provider]) : url;
}

/** From now on `fetch` knows the simulators only. */
export function redirectFetch(bases) {
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    if (!(input instanceof Request)) return real(moved(input, bases), init);
    return real(new Request(moved(input.url, bases), input), init);
  };
}
