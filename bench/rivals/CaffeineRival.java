// SPDX-License-Identifier: Apache-2.0
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * Caffeine as a contender of run.py (workload.h says how one behaves). The variants differ in how a
 * request brings its key, and ttl-stats has expireAfterWrite and recordStats beside.
 *
 * <p>Without a variant: in the cheapest way that has it hashed and compared, a probe of two words
 * that each thread writes anew. string: as a new String, like a program that reads keys from a
 * wire. memo: as the very String that is the key in the cache, which was hashed long ago and is
 * compared by its address.
 */
final class CaffeineRival {
  private static final int KEY_SIZE = 16;
  private static final int BATCH = 10_000; // short calls, so that the loop is compiled as a method

  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** A key of 16 bytes. */
  private static final class Key {
    private long head;
    private long tail;

    @Override
    public int hashCode() {
      long mixed = (head ^ Long.rotateLeft(tail, 32)) * 0x9E3779B97F4A7C15L;
      return (int) (mixed ^ mixed >>> 32);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Key && ((Key) other).head == head && ((Key) other).tail == tail;
    }
  }

  private final byte[] names; // the keys, one behind the other
  private final boolean equalValues;
  private final boolean strings;
  private final String[] hashed;
  private final Cache<Object, byte[]> cache;
  private int[] requests;

  private CaffeineRival(String scenario, int keys, String variant) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < keys; i++) all.append(String.format("user:%011d", i));
    names = all.toString().getBytes(StandardCharsets.ISO_8859_1);
    equalValues = scenario.equals("memory");
    strings = variant.equals("string");
    hashed = variant.equals("memo") ? new String[keys] : null;
    for (int i = 0; hashed != null && i < keys; i++) hashed[i] = string(i);
    // Room beyond the keys, as it evicts some before it is full.
    Caffeine<Object, Object> builder =
        Caffeine.newBuilder().maximumSize(scenario.equals("fill") ? keys / 10 : 2L * keys);
    if (variant.equals("ttl-stats")) builder.expireAfterWrite(1, TimeUnit.HOURS).recordStats();
    cache = builder.build();
  }

  private String string(int index) {
    return new String(names, index * KEY_SIZE, KEY_SIZE, StandardCharsets.ISO_8859_1);
  }

  private Key write(Key key, int index) {
    key.head = (long) WORDS.get(names, index * KEY_SIZE);
    key.tail = (long) WORDS.get(names, index * KEY_SIZE + 8);
    return key;
  }

  /** The key to look up; the probe, if it is one, is the caller's own. */
  private Object key(int index, Key probe) {
    if (strings) return string(index);
    return hashed != null ? hashed[index] : write(probe, index);
  }

  private void fill(int index) {
    cache.put(key(index, new Key()), value(index));
  }

  private byte[] value(int index) {
    int size = equalValues ? 100 : 64 + (index * (int) 2654435761L >>> 8) % 37;
    byte[] value = new byte[size];
    Arrays.fill(value, (byte) 'x');
    return value;
  }

  private void fillAll(int keys) {
    for (int i = 0; i < keys; i++) fill(i);
    cache.cleanUp();
  }

  /** One thread's part of a round. */
  private final class Replay extends Thread {
    private final Key probe = new Key();
    private int at;
    private int left;
    private long hits;
    private long tasted;

    Replay(int at, int count) {
      this.at = at;
      left = count;
    }

    @Override
    public void run() {
      for (; left > 0; left -= BATCH) replay(Math.min(left, BATCH));
    }

    /** The measured loop. */
    private void replay(int count) {
      for (; count > 0; count--) {
        int index = requests[at];
        if (++at == requests.length) at = 0;
        byte[] value = cache.getIfPresent(key(index, probe));
        if (value != null) {
          hits++;
          tasted += value.length + value[0];
        } else {
          fill(index);
        }
      }
    }
  }

  private void runRound(int round, int operations, int threads) throws InterruptedException {
    Replay[] parts = new Replay[threads];
    for (int t = 0; t < threads; t++) {
      long from = (long) (round * threads + t) * operations % requests.length;
      parts[t] = new Replay((int) from, operations);
      parts[t].start();
    }
    long hits = 0;
    long tasted = 0;
    for (Replay part : parts) {
      part.join();
      hits += part.hits;
      tasted += part.tasted;
    }
    System.out.printf("{\"hits\": %d, \"sum\": %d}%n", hits, tasted);
  }

  /** What lives; how much of its heap is resident is a question of the heap's size. */
  private static long heapBytes() throws InterruptedException {
    for (int i = 0; i < 4; i++) {
      System.gc();
      Thread.sleep(50);
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private void measureMemory(int keys) throws InterruptedException {
    long heap = heapBytes();
    fillAll(keys);
    System.out.printf("{\"items\": %d, \"heap_bytes\": %d}%n",
        cache.estimatedSize(), heapBytes() - heap);
  }

  private static int[] readRequests(String path) throws Exception {
    byte[] raw = Files.readAllBytes(Path.of(path));
    int[] requests = new int[raw.length / 4];
    ByteBuffer.wrap(raw).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(requests);
    return requests;
  }

  public static void main(String[] args) throws Exception {
    String scenario = args[0];
    int keys = Integer.parseInt(args[1]);
    CaffeineRival rival = new CaffeineRival(scenario, keys, args.length > 5 ? args[5] : "");
    if (scenario.equals("memory")) {
      rival.measureMemory(keys);
      return;
    }
    rival.requests = readRequests(args[2]);
    if (scenario.equals("hit")) rival.fillAll(keys);
    System.out.println("ready");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (int round = 0; lines.readLine() != null; round++) {
      rival.runRound(round, Integer.parseInt(args[3]), Integer.parseInt(args[4]));
    }
  }
}
