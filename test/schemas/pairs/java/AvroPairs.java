import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.AvroTypeException;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.DecoderFactory;

/**
 * A pair of schemas with values a line in, the same with Apache Avro's answers a line out: whether the reader can read
 * all that the writer writes, what it reads of each value, and how both schemas are printed.
 */
public class AvroPairs {
  static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(new java.io.FileOutputStream(arguments[0]), false, StandardCharsets.UTF_8);
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      ObjectNode pair = (ObjectNode) json.readTree(line);
      Schema writer, reader;
      try {
        writer = new Schema.Parser().parse(pair.get("writer").asText());
        reader = new Schema.Parser().parse(pair.get("reader").asText());
      } catch (AvroRuntimeException e) {
        out.println(json.writeValueAsString(pair.put("refused", e.toString())));
        continue;
      }
      ArrayNode problems = pair.putArray("problems");
      for (var problem : SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult().getIncompatibilities())
        problems.addObject().put("kind", problem.getType().name()).put("path", problem.getLocation());
      pair.put("printed", writer.toString()).put("fingerprint", HexFormat.of().toHexDigits(SchemaNormalization.parsingFingerprint64(writer)));
      ArrayNode answers = pair.putArray("answers");
      for (var value : pair.get("values")) answers.add(read(writer, reader, HexFormat.of().parseHex(value.asText())));
      out.println(json.writeValueAsString(pair));
    }
    out.close();
  }

  static ObjectNode read(Schema writer, Schema reader, byte[] bytes) {
    ObjectNode answer = json.createObjectNode();
    try {
      Object value = new GenericDatumReader<>(writer, reader).read(null, DecoderFactory.get().binaryDecoder(bytes, null));
      answer.set("value", json.valueToTree(shown(reader, value)));
    } catch (AvroTypeException e) {
      answer.put("error", "resolution");
    } catch (EOFException e) {
      answer.put("error", "truncated");
    } catch (Exception e) {
      answer.put("error", e.toString());
    }
    return answer;
  }

  /** Longs as texts, bytes in hex, a union's branch in an object that names it. */
  static Object shown(Schema schema, Object value) {
    switch (schema.getType()) {
      case LONG: return value.toString();
      case FLOAT, DOUBLE: {
        double real = ((Number) value).doubleValue();
        if (real == 0 && 1 / real < 0) return "-0";
        return Double.isFinite(real) ? (Object) real : Double.toString(real);
      }
      case STRING, ENUM: return value.toString();
      case BYTES: {
        byte[] bytes = new byte[((ByteBuffer) value).remaining()];
        ((ByteBuffer) value).duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
      }
      case FIXED: return HexFormat.of().formatHex(((GenericFixed) value).bytes());
      case ARRAY: return ((Collection<?>) value).stream().map(item -> shown(schema.getElementType(), item)).toList();
      case MAP: {
        Map<String, Object> members = new TreeMap<>();
        ((Map<?, ?>) value).forEach((name, inner) -> members.put(name.toString(), shown(schema.getValueType(), inner)));
        return members;
      }
      case RECORD: {
        Map<String, Object> members = new TreeMap<>();
        for (Schema.Field field : schema.getFields())
          members.put(field.name(), shown(field.schema(), ((IndexedRecord) value).get(field.pos())));
        return members;
      }
      case UNION: {
        Schema branch = schema.getTypes().get(GenericData.get().resolveUnion(schema, value));
        if (branch.getType() == Schema.Type.NULL) return null;
        Map<String, Object> members = new TreeMap<>();
        members.put(branch.getFullName(), shown(branch, value));
        return members;
      }
      default: return value;
    }
  }
}
