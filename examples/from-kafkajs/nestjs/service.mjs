// A NestJS service on its Kafka transport, as it stands: it sends orders, answers a question, and hears the totals that an
// application makes of the orders. Decorators are called as the functions that they are, so that Node runs this file.
import "reflect-metadata";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  ClientKafka,
  EventPattern,
  MessagePattern,
  Payload,
  Transport,
} from "@nestjs/microservices";
import { firstValueFrom } from "rxjs";

const brokers = [process.env.BROKERS ?? "localhost:9092"];
const client = { clientId: "shop", brokers, logLevel: 1 };
const consumer = { heartbeatInterval: 500, maxWaitTimeInMs: 100 };
const wanted = new Map([
  ["ada", 1500],
  ["grace", 550],
]);

const heard = new Map();
let tellHeard = () => {};
const allHeard = new Promise((resolve) => {
  tellHeard = resolve;
});

class Totals {
  onTotal({ customer, cents }) {
    heard.set(customer, cents);
    if ([...wanted].every(([name, total]) => heard.get(name) === total)) tellHeard();
  }

  quote({ cents }) {
    return { cents: cents * 2 };
  }
}
const describe = (name, decorator) =>
  decorator(Totals.prototype, name, Object.getOwnPropertyDescriptor(Totals.prototype, name));
describe("onTotal", EventPattern("customer-totals"));
describe("quote", MessagePattern("quote"));
Payload()(Totals.prototype, "onTotal", 0);
Payload()(Totals.prototype, "quote", 0);
Controller()(Totals);

class Shop {
  name = "shop";
}
Module({ controllers: [Totals] })(Shop);

const service = await NestFactory.createMicroservice(Shop, {
  transport: Transport.KAFKA,
  options: {
    client,
    consumer: { groupId: "shop", ...consumer },
    subscribe: { fromBeginning: true },
  },
  logger: ["error"],
});
await service.listen();

const sender = new ClientKafka({ client, consumer: { groupId: "shop-client", ...consumer } });
sender.subscribeToResponseOf("quote");
await sender.connect();
for (const [customer, cents] of [
  ["ada", 1200],
  ["grace", 550],
  ["ada", 300],
])
  await firstValueFrom(sender.emit("orders", { key: customer, value: { customer, cents } }));

const quoted = await firstValueFrom(sender.send("quote", { cents: 21 }));
console.log("quote", quoted.cents);
await allHeard;
for (const [customer, cents] of [...heard].sort()) console.log(customer, cents);
await sender.close();
await service.close();
