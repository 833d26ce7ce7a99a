/** Disks write whole sectors of this size, so a lost write leaves zeros in whole ones. */
export const sectorBytes = 512;
