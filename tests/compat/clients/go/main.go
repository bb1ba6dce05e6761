// The client program over go-redis' cluster client; see ../README.md.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

func check(got, want any, err error, what string) {
	if err != nil || !reflect.DeepEqual(got, want) {
		fmt.Fprintf(os.Stderr, "%s: %v (%v) instead of %v\n", what, got, err, want)
		os.Exit(1)
	}
}

func families(ctx context.Context, client *redis.ClusterClient) {
	status, err := client.Set(ctx, "go:s", "v", 0).Result()
	check(status, "OK", err, "SET")
	text, err := client.Get(ctx, "go:s").Result()
	check(text, "v", err, "GET")
	length, err := client.Append(ctx, "go:s", "w").Result()
	check(length, int64(2), err, "APPEND")
	number, err := client.IncrBy(ctx, "go:n", 5).Result()
	check(number, int64(5), err, "INCRBY")
	float, err := client.IncrByFloat(ctx, "go:f", 1.5).Result()
	check(float, 1.5, err, "INCRBYFLOAT")
	status, err = client.MSet(ctx, "{go}a", 1, "{go}b", 2).Result()
	check(status, "OK", err, "MSET")
	many, err := client.MGet(ctx, "{go}a", "{go}b").Result()
	check(many, []any{"1", "2"}, err, "MGET")
	_, err = client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for n := 0; n < 50; n++ {
			pipe.Set(ctx, fmt.Sprintf("go:m:%d", n), n, 0)
		}
		return nil
	})
	check(nil, nil, err, "pipelined SET")
	expires, err := client.Expire(ctx, "go:s", 1000*time.Second).Result()
	check(expires, true, err, "EXPIRE")
	ttl, err := client.TTL(ctx, "go:s").Result()
	check(ttl > 990*time.Second, true, err, "TTL")
	fields, err := client.HSet(ctx, "go:h", "a", 1, "b", 2).Result()
	check(fields, int64(2), err, "HSET")
	all, err := client.HGetAll(ctx, "go:h").Result()
	check(all, map[string]string{"a": "1", "b": "2"}, err, "HGETALL")
	number, err = client.HIncrBy(ctx, "go:h", "a", 4).Result()
	check(number, int64(5), err, "HINCRBY")
	var last *redis.StringCmd
	_, err = client.TxPipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Set(ctx, "{go}x", 1, 0)
		pipe.Incr(ctx, "{go}x")
		last = pipe.Get(ctx, "{go}x")
		return nil
	})
	check(last.Val(), "2", err, "MULTI")
	err = client.Watch(ctx, func(tx *redis.Tx) error {
		_, err := tx.TxPipelined(ctx, func(pipe redis.Pipeliner) error { return pipe.Incr(ctx, "{go}x").Err() })
		return err
	}, "{go}x")
	check(nil, nil, err, "WATCH")
	var lock sync.Mutex
	names := map[string]bool{}
	err = client.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		found := node.Scan(ctx, 0, "go:m:*", 100).Iterator()
		for found.Next(ctx) {
			lock.Lock()
			names[found.Val()] = true
			lock.Unlock()
		}
		return found.Err()
	})
	check(len(names), 50, err, "SCAN")
}

func main() {
	ctx := context.Background()
	// By default this client looks for a new owner of a slot once a minute only, unless somebody tells it MOVED; a dead
	// primary tells nothing.
	options := &redis.ClusterOptions{
		Addrs: strings.Split(os.Args[1], ","), ReadTimeout: 2 * time.Second, ClusterStateReloadInterval: time.Second,
	}
	if len(os.Args) > 2 {
		pem, err := os.ReadFile(os.Args[2])
		check(nil, nil, err, os.Args[2])
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		options.TLSConfig = &tls.Config{RootCAs: pool}
	}
	client := redis.NewClusterClient(options)
	families(ctx, client)
	fmt.Println("ready")

	stop := make(chan bool)
	go func() {
		bufio.NewReader(os.Stdin).ReadString('\n')
		close(stop)
	}()
	written, failures, wrong, lost := 0, 0, 0, 0
	gap, last := time.Duration(0), time.Now()
	key := func(number int) string { return fmt.Sprintf("go:w:%d", number) }
	value := func(number int) string { return fmt.Sprintf("value %d", number) }
	for running := true; running; {
		select {
		case <-stop:
			running = false
			continue
		default:
		}
		for client.Set(ctx, key(written+1), value(written+1), 0).Err() != nil {
			failures++
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Millisecond) // a pace that leaves the other programs their share
		written++
		gap, last = max(gap, time.Since(last)), time.Now()
		if written%5 == 0 {
			seen := 1 + rand.Intn(written)
			switch got, err := client.Get(ctx, key(seen)).Result(); {
			case err == redis.Nil:
			case err != nil:
				failures++
			case got != value(seen):
				wrong++
			}
		}
	}
	for number := 1; number <= written; number++ {
		got, err := client.Get(ctx, key(number)).Result()
		if err == redis.Nil {
			lost++
		} else if err != nil || got != value(number) {
			wrong++
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"written": written, "lost": lost, "wrong": wrong, "errors": failures, "longest_gap_ms": gap.Milliseconds(),
	})
}
