// Reads messages with Apache Kafka's own generated classes and writes them again.
//
// In, over and over, on standard input: length and text of a message's name, its version (2 bytes), length and bytes of
// a value. Out for each on standard output: a byte (0 written, 1 no such message or version, 2 failed), and length and
// bytes of what was written, or of why not.
//
// C1: a value must be used up by its class, or it counts as failed.

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

public class Codec {
    private static final Pattern GENERATED =
        Pattern.compile("(org/apache/kafka/.*(?:common/message|common/metadata|generated)/([^/$]+))\\.class");

    private static final Map<String, Message> KNOWN = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        find();
        DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
        while (true) {
            byte[] name;
            try {
                name = block(in);
            } catch (EOFException end) {
                break;
            }
            short version = in.readShort();
            answer(out, KNOWN.get(new String(name, StandardCharsets.UTF_8)), version, block(in));
        }
        out.flush();
    }

    /** Every generated message on the class path, by its name in the schemas: requests, responses and headers end in Data. */
    private static void find() throws Exception {
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            try (JarFile jar = new JarFile(path)) {
                for (String entry : jar.stream().map(Object::toString).toList()) {
                    Matcher generated = GENERATED.matcher(entry);
                    if (!generated.matches()) {
                        continue;
                    }
                    Class<?> found = Class.forName(generated.group(1).replace('/', '.'), false, Codec.class.getClassLoader());
                    if (!Message.class.isAssignableFrom(found)) {
                        continue;
                    }
                    Message empty = (Message) found.getDeclaredConstructor().newInstance();
                    String name = generated.group(2);
                    boolean wrapped = name.matches(".*(Request|Response|Header)Data");
                    KNOWN.put(wrapped ? name.substring(0, name.length() - 4) : name, empty);
                }
            }
        }
    }

    private static byte[] block(DataInputStream in) throws IOException {
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        return bytes;
    }

    private static void answer(DataOutputStream out, Message known, short version, byte[] value) throws IOException {
        int what = 0;
        byte[] said;
        if (known == null || version < known.lowestSupportedVersion() || version > known.highestSupportedVersion()) {
            what = 1;
            said = new byte[0];
        } else {
            try {
                said = again(known, version, value);
            } catch (Exception e) {
                what = 2;
                said = String.valueOf(e instanceof InvocationTargetException ? e.getCause() : e).getBytes(StandardCharsets.UTF_8);
            }
        }
        out.writeByte(what);
        out.writeInt(said.length);
        out.write(said);
    }

    private static byte[] again(Message known, short version, byte[] value) throws Exception {
        Message message = known.getClass().getDeclaredConstructor().newInstance();
        ByteBuffer bytes = ByteBuffer.wrap(value);
        message.read(new ByteBufferAccessor(bytes), version);
        if (bytes.hasRemaining()) {
            throw new IOException(bytes.remaining() + " bytes were left over");
        }
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer written = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(written), cache, version);
        return Arrays.copyOf(written.array(), written.position());
    }
}
