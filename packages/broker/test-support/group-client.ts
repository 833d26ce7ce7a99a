/** Whoever asks in a test of groups: it may see all topics. */
export const client = {
  clientId: "c",
  clientHost: "/127.0.0.1",
  principal: "User:ann",
  mayDescribe: () => true,
};
