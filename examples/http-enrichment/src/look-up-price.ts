import { UnknownProduct, type PriceLookup } from "./topology.ts";

/** Asks a service: `GET /prices/PRODUCT` gives `{ "price": 2.5 }`. */
export function priceLookup(service: string): PriceLookup {
  return async (product, signal) => {
    // The signal ends the request where it takes too long, or its task has gone elsewhere.
    const response = await fetch(`${service}/prices/${encodeURIComponent(product)}`, { signal });
    if (response.status === 404) throw new UnknownProduct(`${product} has no price`);
    if (!response.ok) throw new Error(`the price service answered ${response.status}`);
    const { price } = (await response.json()) as { readonly price: number };
    return price;
  };
}
