import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Executors;
import org.apache.kafka.common.config.ConfigTransformer;
import org.apache.kafka.common.config.provider.EnvVarConfigProvider;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.Converter;

/**
 * Runs a connector as a Kafka Connect worker would, without Kafka: looks up what its configuration leaves to the environment, and makes of
 * each record what the worker would send. Prints one JSON line per record: topic, ts (now), key and payload, both as text or null.
 *
 * Arguments: a file with what is POSTed to Kafka Connect, and a file that keeps the position over restarts. Ends when its input does.
 */
public final class ChangeFeed {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    Map<String, String> config = lookedUp(configIn(Path.of(arguments[0])));
    Converter keys = converter(config, "key.converter.", true);
    Converter values = converter(config, "value.converter.", false);
    // Lines of a pipe: whole, and at once.
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine =
        DebeziumEngine.create(Connect.class)
            .using(engineProperties(config, arguments[1]))
            .using((success, message, error) -> {
              if (success) return;
              System.err.println("the engine failed: " + message + " " + error);
              Runtime.getRuntime().halt(1);
            })
            .notifying(event -> out.println(line(event.value(), keys, values)))
            .build();

    var executor = Executors.newSingleThreadExecutor();
    executor.execute(engine);
    executor.shutdown();
    endWithInput(engine);
  }

  private static Map<String, String> configIn(Path file) throws IOException {
    return json.convertValue(json.readTree(file.toFile()).get("config"), new TypeReference<Map<String, String>>() {});
  }

  private static Map<String, String> lookedUp(Map<String, String> config) {
    EnvVarConfigProvider environment = new EnvVarConfigProvider();
    environment.configure(Map.of());
    return new ConfigTransformer(Map.of("env", environment)).transform(config).data();
  }

  private static Converter converter(Map<String, String> config, String prefix, boolean isKey) {
    Map<String, String> own = new HashMap<>();
    config.forEach((name, value) -> {
      if (name.startsWith(prefix)) own.put(name.substring(prefix.length()), value);
    });
    JsonConverter converter = new JsonConverter();
    converter.configure(own, isKey);
    return converter;
  }

  private static Properties engineProperties(Map<String, String> config, String offsetFile) {
    Properties properties = new Properties();
    properties.putAll(config);
    properties.setProperty("name", "tidemark-capture");
    properties.setProperty("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
    properties.setProperty("offset.storage.file.filename", offsetFile);
    properties.setProperty("offset.flush.interval.ms", "0");
    return properties;
  }

  private static String line(SourceRecord record, Converter keys, Converter values) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("topic", record.topic());
    line.put("ts", System.currentTimeMillis());
    line.put("key", text(keys.fromConnectData(record.topic(), record.keySchema(), record.key())));
    line.put("payload", text(values.fromConnectData(record.topic(), record.valueSchema(), record.value())));
    try {
      return json.writeValueAsString(line);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String text(byte[] bytes) {
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }

  /** Who started this may be killed at any time; the input ends with it. */
  private static void endWithInput(DebeziumEngine<?> engine) throws IOException {
    while (System.in.read() >= 0) {}
    engine.close();
  }
}
