package org.apache.kafka.tools;

import java.util.ArrayList;
import java.util.List;

/** {@code COUNT ARGUMENTS…}: so many of Kafka's measuring producers side by side in one process. Prints JSON at the end. */
public final class ManyProducers {
    private ManyProducers() {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]);
        String[] own = List.of(arguments).subList(1, arguments.length).toArray(new String[0]);
        List<Thread> threads = new ArrayList<>();
        long started = System.nanoTime();
        for (int at = 0; at < count; at++) {
            Thread thread = new Thread(() -> produce(own));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) thread.join();
        System.out.printf("{\"seconds\":%.6f}%n", (System.nanoTime() - started) / 1e9);
    }

    private static void produce(String[] arguments) {
        try {
            new ProducerPerformance().start(arguments);
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }
}
