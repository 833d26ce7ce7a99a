import type { Customer, Invoice, Order } from "../../examples/http-enrichment/src/topology.ts";
import { seededRandom } from "./seeded-random.ts";

export interface CustomersOrder {
  readonly customer: string;
  readonly order: Order;
}

const productCount = 40;

/** What the service knows; the others have no price. */
export const prices: Readonly<Record<string, number>> = Object.fromEntries(
  Array.from({ length: productCount }, (_, index) => [`product-${index}`, 0.25 * (index + 1)]),
);

/** Some customers order much, so that several of their orders are under way at once; one product in 20 has no price. */
export function generateOrders(count: number): readonly CustomersOrder[] {
  const random = seededRandom(7);
  return Array.from({ length: count }, (_, index) => {
    const customer = `customer-${Math.floor(random() ** 2 * 200)}`;
    const isKnown = random() > 0.05;
    const product = isKnown ? `product-${Math.floor(random() * productCount)}` : "unicorn";
    return { customer, order: { id: String(index), product, quantity: 1 + (index % 5) } };
  });
}

export function customersOf(
  orders: readonly CustomersOrder[],
): readonly (readonly [string, Customer])[] {
  const keys = [...new Set(orders.map(({ customer }) => customer))];
  return keys.map((key, index) => [key, { name: `Name ${key}`, discount: (index % 4) / 4 }]);
}

export interface CustomersOutcome {
  readonly invoices: readonly Invoice[];
  /** After each invoice. */
  readonly spent: readonly number[];
  readonly dead: readonly string[];
}

/** What the program does, as a plain computation: by customer, in order. */
export function enrichPlainly(
  orders: readonly CustomersOrder[],
): Readonly<Record<string, CustomersOutcome>> {
  return Object.fromEntries(
    customersOf(orders).map(([key, { name, discount }]) => {
      const own = orders.filter(({ customer }) => customer === key).map(({ order }) => order);
      const invoices = own.flatMap(({ id, product, quantity }, index): Invoice[] => {
        if (!(product in prices)) return [];
        const total = Math.round(prices[product] * quantity * (1 - discount) * 100) / 100;
        return [{ order: id, number: index + 1, name, total }];
      });
      let sum = 0;
      const spent = invoices.map(({ total }) => (sum = Math.round((sum + total) * 100) / 100));
      const dead = own.filter(({ product }) => !(product in prices)).map(({ id }) => id);
      return [key, { invoices, spent, dead }];
    }),
  );
}
