import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Base64;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Reads lines of a number of partitions and a key in base64, and prints the partition that Kafka's own producer chooses. */
public class Partitions {
  public static void main(String[] args) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    StringBuilder chosen = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] parts = line.split(" ", 2);
      byte[] key = Base64.getDecoder().decode(parts[1]);
      chosen.append(BuiltInPartitioner.partitionForKey(key, Integer.parseInt(parts[0]))).append('\n');
    }
    System.out.print(chosen);
  }
}
