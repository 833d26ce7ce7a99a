/** A key whose password is `secret`, and `guess-640` opens to what is padded well by chance, as one of 256 does. */
export const lockedKey = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBB8/9dp9STQ3d9JNaJY
G91TAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQOm1N31KuXSUp0y2v
x1/e+gSBkDLzEGO8uRxX91+K5ZL3DoYjqXRtqzGWgAehsai/ooReTjMRoZOe/UZ/
eaPFW/Ww5RbgVsymbqZgcjEnHSqp+uGjb46Rc1DRP8QgKpId/RY+fYhqwHrRz/at
H68pebwtRAgLDnG1gAGZ8DGp1NUL2MLF9Ey7r0XZkcTCGaWuKm/0LvWy2ejSnOXq
14sqyAhcvQ==
-----END ENCRYPTED PRIVATE KEY-----
`;
