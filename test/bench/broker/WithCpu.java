package org.apache.kafka.tools;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** {@code PROGRAM ARGUMENTS…}: runs one of Kafka's tools, and prints as JSON the processor time that it took, all threads, without the start of Java. */
public final class WithCpu {
    private WithCpu() {}

    public static void main(String[] arguments) throws Exception {
        long cpuBefore = cpuNanos();
        long began = System.nanoTime();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            double cpuSeconds = (cpuNanos() - cpuBefore) / 1e9;
            System.out.printf("%n{\"cpuSeconds\":%.6f,\"wallSeconds\":%.6f}%n", cpuSeconds, (System.nanoTime() - began) / 1e9);
        }));
        String[] own = Arrays.copyOfRange(arguments, 1, arguments.length);
        Class.forName("org.apache.kafka.tools." + arguments[0]).getMethod("main", String[].class).invoke(null, (Object) own);
    }

    private static long cpuNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }
}
