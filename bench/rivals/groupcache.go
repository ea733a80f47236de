// SPDX-License-Identifier: Apache-2.0

// The Go original's Group.Get within one process, as a contender of run.py (workload.h says how one
// behaves). Statistics are on (they always are); it knows no time to live.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/golang/groupcache"
)

const keySize = 16

var (
	names       string // the keys, one behind the other
	payload     = []byte(strings.Repeat("x", 100))
	equalValues bool
	requests    []int32
	group       *groupcache.Group
)

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func key(index int32) string { return names[int(index)*keySize : int(index)*keySize+keySize] }

func value(index int32) []byte {
	if equalValues {
		return payload
	}
	return payload[:64+(uint32(index)*2654435761>>8)%37]
}

// Where a missing key's value comes from. The sink copies it once, as the others do.
func load(_ context.Context, key string, dest groupcache.Sink) error {
	return dest.SetBytes(value(int32(number(key[5:]))))
}

func readRequests(path string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	requests = make([]int32, len(raw)/4)
	for i := range requests {
		requests[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
	}
}

// The measured loop. The sink for a view neither allocates nor copies.
func replay(at, count int) (tasted int) {
	ctx := context.Background()
	var view groupcache.ByteView
	sink := groupcache.ByteViewSink(&view)
	for ; count > 0; count-- {
		index := requests[at]
		if at++; at == len(requests) {
			at = 0
		}
		if err := group.Get(ctx, key(index), sink); err != nil {
			panic(err)
		}
		tasted += view.Len() + int(view.At(0))
	}
	return tasted
}

func runRound(round, operations, threads int) {
	var all sync.WaitGroup
	tasted := make([]int, threads)
	hits := group.Stats.CacheHits.Get()
	for t := 0; t < threads; t++ {
		all.Add(1)
		go func(t int) {
			defer all.Done()
			tasted[t] = replay((round*threads+t)*operations%len(requests), operations)
		}(t)
	}
	all.Wait()
	sum := 0
	for _, part := range tasted {
		sum += part
	}
	fmt.Printf("{\"hits\": %d, \"sum\": %d}\n", group.Stats.CacheHits.Get()-hits, sum)
}

func fillAll(keys int) {
	var view groupcache.ByteView
	sink := groupcache.ByteViewSink(&view)
	for i := 0; i < keys; i++ {
		if err := group.Get(context.Background(), key(int32(i)), sink); err != nil {
			panic(err)
		}
	}
}

func residentBytes() int64 {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	return int64(number(strings.Fields(string(statm))[1]) * os.Getpagesize())
}

func heapBytes() int64 {
	debug.FreeOSMemory() // collects first
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}

func measureMemory(keys int) {
	heap, rss := heapBytes(), residentBytes()
	fillAll(keys)
	grown := residentBytes() - rss
	fmt.Printf("{\"items\": %d, \"rss_bytes\": %d, \"heap_bytes\": %d}\n",
		keys, grown, heapBytes()-heap)
}

func main() {
	scenario, keys := os.Args[1], number(os.Args[2])
	var all strings.Builder
	for i := 0; i < keys; i++ {
		fmt.Fprintf(&all, "user:%011d", i)
	}
	names = all.String()
	room := int64(4 << 30)
	if scenario == "fill" {
		room = int64(keys / 10 * (keySize + 82)) // it counts the bytes of key and value alone
	}
	group = groupcache.NewGroup("g", room, groupcache.GetterFunc(load))
	if equalValues = scenario == "memory"; equalValues {
		measureMemory(keys)
		return
	}
	readRequests(os.Args[3])
	if scenario == "hit" {
		fillAll(keys)
	}
	fmt.Println("ready")
	for round, lines := 0, bufio.NewScanner(os.Stdin); lines.Scan(); round++ {
		runRound(round, number(os.Args[4]), number(os.Args[5]))
	}
}
