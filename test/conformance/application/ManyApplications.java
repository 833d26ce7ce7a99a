import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * Many programs, one a line of standard input, each as the oracle's Application runs one, with the same options, in one
 * process: a JVM for each would take minutes. Ends at SIGTERM, or when one of them fails.
 */
public final class ManyApplications {
    private ManyApplications() {
    }

    public static void main(final String[] arguments) throws IOException, InterruptedException {
        final List<String> programs =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).lines().toList();
        for (final String program : programs) {
            final CountDownLatch read = new CountDownLatch(1);
            System.setIn(new ByteArrayInputStream(program.getBytes(StandardCharsets.UTF_8)) {
                @Override
                public void close() {
                    read.countDown();
                }
            });
            new Thread(() -> {
                try {
                    Application.main(arguments);
                } catch (final Exception error) {
                    System.err.println(program);
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                }
            }).start();
            read.await();
        }
    }
}
