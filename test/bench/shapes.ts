// What the topics of the bench hold, after Nexmark, and what the workloads make of it, record by record.

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly dateTime: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  readonly initialBid: number;
  readonly reserve: number;
  readonly dateTime: number;
  readonly expires: number;
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Person {
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly city: string;
  readonly state: string;
  readonly dateTime: number;
  readonly extra: string;
}

/** What `filter-map` makes of a bid. */
export interface PricedBid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: number;
}

/** What `tumbling` tells of the bids of a window. */
export interface Stats {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** A bid with its auction. */
export interface Enriched {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly category: number;
  readonly seller: number;
}

/** An auction with its seller. */
export interface Sale {
  readonly auction: number;
  readonly itemName: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
}

/** What `filter-map` keeps. */
export function isKept(bid: Bid): boolean {
  return bid.price % 2 === 0;
}

export function pricedBid({ auction, bidder, price, dateTime }: Bid): PricedBid {
  return { auction, bidder, price: price * 0.908, dateTime };
}

export function keyOfBidder(bid: Bid): string {
  return `p${bid.bidder}`;
}

export function keyOfSeller(auction: Auction): string {
  return `p${auction.seller}`;
}

export function keyOfWindow(key: string, start: number): string {
  return `${key}@${start}`;
}

export function noStats(): Stats {
  return { count: 0, sum: 0, min: Number.MAX_SAFE_INTEGER, max: Number.MIN_SAFE_INTEGER };
}

export function withBid({ count, sum, min, max }: Stats, { price }: Bid): Stats {
  return {
    count: count + 1,
    sum: sum + price,
    min: Math.min(min, price),
    max: Math.max(max, price),
  };
}

export function enriched({ auction, bidder, price }: Bid, { category, seller }: Auction): Enriched {
  return { auction, bidder, price, category, seller };
}

export function sale({ id, itemName }: Auction, { name, city, state }: Person): Sale {
  return { auction: id, itemName, name, city, state };
}
