// Runs Apache Kafka's own command line tools inside one JVM, since each start of a JVM costs seconds.
//
// In: one line of JSON per call on standard input: {"main": class, "args": [..], "stdin": text}.
// Out: one line of JSON per call on standard output: {"exit": code, "out": text, "err": text}.
//
// T1: a tool's exit ends the tool, never this process. The tools exit through Kafka's Exit class, whose
//     procedure throws here. The first exit counts, and nothing said after it: some tools catch what is
//     thrown and go on. Shutdown hooks a tool asks for run when the tool has ended.
// T2: the real standard output carries answers only; a tool writes into a buffer.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.utils.Exit;

public class Tools {
    private static final class Ended extends RuntimeException {
        final int code;

        Ended(int code, String message) {
            super(message, null, false, false);
            this.code = code;
        }
    }

    private static Ended first;

    private static void end(int code, String message) {
        Ended ended = new Ended(code, message);
        if (first == null) {
            first = ended;
            if (message != null) {
                System.err.println(message);
            }
            System.setOut(new PrintStream(OutputStream.nullOutputStream()));
            System.setErr(new PrintStream(OutputStream.nullOutputStream()));
        }
        throw ended;
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = System.out;
        ObjectMapper json = new ObjectMapper();
        BufferedReader calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        List<Runnable> hooks = new ArrayList<>();
        Exit.setExitProcedure(Tools::end);
        Exit.setHaltProcedure(Tools::end);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            JsonNode call = json.readTree(line);
            String[] args = json.convertValue(call.get("args"), String[].class);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            PrintStream realErr = System.err;
            PrintStream toOut = new PrintStream(out, true, StandardCharsets.UTF_8);
            System.setOut(toOut);
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            System.setIn(new ByteArrayInputStream(call.path("stdin").asText("").getBytes(StandardCharsets.UTF_8)));
            int code = run(call.get("main").asText(), args);
            hooks.forEach(Runnable::run);
            hooks.clear();
            toOut.flush();
            System.setErr(realErr);
            ObjectNode answer = json.createObjectNode();
            answer.put("exit", code);
            answer.put("out", out.toString(StandardCharsets.UTF_8));
            answer.put("err", err.toString(StandardCharsets.UTF_8));
            answers.println(json.writeValueAsString(answer));
            answers.flush();
        }
    }

    private static int run(String main, String[] args) {
        first = null;
        int code = call(main, args);
        return first == null ? code : first.code;
    }

    private static int call(String main, String[] args) {
        try {
            Class.forName(main).getMethod("main", String[].class).invoke(null, (Object) args);
            return 0;
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof Ended)) {
                e.getCause().printStackTrace();
            }
            return 1;
        } catch (ReflectiveOperationException e) {
            e.printStackTrace();
            return 127;
        }
    }
}
