import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.ExecutionMode;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.functions.*;
import org.apache.flink.api.common.io.*;
import org.apache.flink.api.common.io.statistics.BaseStatistics;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.*;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.api.java.io.DiscardingOutputFormat;
import org.apache.flink.api.java.operators.*;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.GenericInputSplit;
import org.apache.flink.core.io.InputSplitAssigner;
import org.apache.flink.optimizer.*;
import org.apache.flink.optimizer.plantranslate.JobGraphGenerator;
import org.apache.flink.runtime.jobgraph.*;
import org.apache.flink.util.Collector;

/**
 * A Beam job as Beam's translator for Flink's batch builds it, with functions that do nothing; see
 * `plan` in tests/support/flink_job.py for its lines.
 *
 *   BatchJob plan FILE PARALLELISM              says how many tasks and results Flink's optimizer makes of it, and
 *                                              how many results one task keeps
 *   BatchJob run FILE PARALLELISM [KEY=VALUE]   runs it on a cluster in this process, which has this configuration
 *   BatchJob fault [KEY=VALUE]                  runs a job that always fails, and says how often it was tried
 */
public class BatchJob {
  static final TypeInformation<String> TYPE = Types.STRING;
  static final AtomicInteger TRIES = new AtomicInteger();

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("fault")) {
      fault(configured(arguments, 1));
      return;
    }
    ExecutionEnvironment environment = ExecutionEnvironment.createLocalEnvironment(configured(arguments, 3));
    environment.setParallelism(Integer.parseInt(arguments[2]));
    environment.getConfig().setExecutionMode(ExecutionMode.PIPELINED); // Beam's default
    build(environment, Files.readAllLines(Path.of(arguments[1])));
    if (arguments[0].equals("plan")) {
      tell(environment);
    } else {
      ended(environment);
    }
  }

  static Configuration configured(String[] arguments, int first) {
    Configuration configuration = new Configuration();
    for (int i = first; i < arguments.length; i++) {
      String[] pair = arguments[i].split("=", 2);
      configuration.setString(pair[0], pair[1]);
    }
    return configuration;
  }

  static void build(ExecutionEnvironment environment, List<String> lines) {
    Map<String, DataSet<String>> made = new LinkedHashMap<>();
    Set<String> unread = new LinkedHashSet<>();
    for (String line : lines) {
      String[] words = line.split(" ");
      List<DataSet<String>> taken = new ArrayList<>();
      for (String name : names(words[1])) {
        unread.remove(name);
        taken.add(made.get(name));
      }
      switch (words[0]) {
        case "impulse" -> made.put(words[2], environment.createInput(new Impulse(), TYPE));
        case "flatten" -> made.put(words[2], taken.stream().reduce(DataSet::union).get().filter(each -> true));
        case "group" -> {
          GroupCombineOperator<String, String> part =
              new GroupCombineOperator<>(taken.get(0).groupBy(new Key()), TYPE, new Combined(), "combine");
          made.put(words[2], new GroupReduceOperator<>(part.groupBy(new Key()), TYPE, new Reduced(), "reduce"));
        }
        case "stage" -> {
          MapPartitionOperator<String, String> stage =
              new MapPartitionOperator<>(taken.get(0), TYPE, new Stage(), "stage " + made.size());
          for (String side : names(words[3])) {
            unread.remove(side);
            stage.withBroadcastSet(made.get(side), side);
          }
          for (String output : names(words[2])) {
            made.put(output, new FlatMapOperator<>(stage, TYPE, new Output(), "output"));
          }
          if (names(words[2]).isEmpty()) {
            stage.output(new DiscardingOutputFormat<>());
          }
        }
        default -> throw new IllegalArgumentException(line);
      }
      unread.addAll(names(words[2]));
    }
    unread.forEach(name -> made.get(name).output(new DiscardingOutputFormat<>()));
  }

  static List<String> names(String word) {
    return word.equals("-") ? List.of() : List.of(word.split(","));
  }

  static void tell(ExecutionEnvironment environment) {
    Configuration configuration = new Configuration();
    JobGraph graph =
        new JobGraphGenerator(configuration)
            .compileJobGraph(
                new Optimizer(new DataStatistics(), configuration).compile(environment.createProgramPlan("job")));
    int tasks = 0;
    int results = 0;
    int most = 0;
    for (JobVertex task : graph.getVertices()) {
      tasks++;
      int kept = 0;
      for (IntermediateDataSet result : task.getProducedDataSets()) {
        results++;
        kept += result.getResultType().isBlockingOrBlockingPersistentResultPartition() ? 1 : 0;
      }
      most = Math.max(most, kept);
    }
    System.out.printf("{\"tasks\": %d, \"results\": %d, \"kept\": %d}%n", tasks, results, most);
  }

  static void ended(ExecutionEnvironment environment) {
    try {
      environment.execute("job");
      System.out.println("ran");
    } catch (Exception error) {
      Throwable cause = error;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      System.out.println(cause.getMessage());
    }
  }

  static void fault(Configuration configuration) {
    ExecutionEnvironment environment = ExecutionEnvironment.createLocalEnvironment(configuration);
    environment.setParallelism(1);
    environment.fromElements("x").map(new Fault()).output(new DiscardingOutputFormat<>());
    ended(environment);
    System.out.println(TRIES.get());
  }

  /** One element, of one task, as Beam's ImpulseInputFormat has it. */
  static class Impulse extends RichInputFormat<String, GenericInputSplit> {
    private boolean ended;

    public void configure(Configuration parameters) {}

    public BaseStatistics getStatistics(BaseStatistics cached) {
      return null;
    }

    public GenericInputSplit[] createInputSplits(int least) {
      return new GenericInputSplit[] {new GenericInputSplit(1, 1)};
    }

    public InputSplitAssigner getInputSplitAssigner(GenericInputSplit[] splits) {
      return new DefaultInputSplitAssigner(splits);
    }

    public void open(GenericInputSplit split) {
      ended = false;
    }

    public boolean reachedEnd() {
      return ended;
    }

    public String nextRecord(String reused) {
      ended = true;
      return "x";
    }

    public void close() {}
  }

  /** A fused stage: takes all, and is at work until its tasks in all slots are. */
  static class Stage extends RichMapPartitionFunction<String, String> {
    private static final Map<String, CountDownLatch> MISSING = new ConcurrentHashMap<>();

    public void mapPartition(Iterable<String> elements, Collector<String> output) throws InterruptedException {
      elements.forEach(element -> {});
      TaskInfo task = getRuntimeContext().getTaskInfo();
      String name = task.getTaskName() + task.getAttemptNumber();
      CountDownLatch missing =
          MISSING.computeIfAbsent(name, each -> new CountDownLatch(task.getNumberOfParallelSubtasks()));
      missing.countDown();
      missing.await();
    }
  }

  static class Key implements KeySelector<String, String> {
    public String getKey(String element) {
      return element;
    }
  }

  static class Combined implements GroupCombineFunction<String, String> {
    public void combine(Iterable<String> elements, Collector<String> output) {}
  }

  static class Reduced implements GroupReduceFunction<String, String> {
    public void reduce(Iterable<String> elements, Collector<String> output) {}
  }

  static class Output implements FlatMapFunction<String, String> {
    public void flatMap(String element, Collector<String> output) {}
  }

  static class Fault implements MapFunction<String, String> {
    public String map(String element) {
      TRIES.incrementAndGet();
      throw new IllegalStateException("a fault of the job");
    }
  }
}
