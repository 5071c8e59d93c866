// The peer of the bench's Pulsar cases: Apache's own client for Go. It is started once for a case, and does one round for each
// line of its standard input.
//
//	pulsar-go produce URL TOPIC IN-FLIGHT BATCH   a line is a number of messages, which are sent to the topic
//	pulsar-go read URL                            a line is a topic and a number of messages, which are read from its beginning
//
// Each round prints a line: how many milliseconds it took.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/pulsar-client-go/pulsar"
	"github.com/apache/pulsar-client-go/pulsar/log"
)

const payloadBytes = 256

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulsar-go:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) < 2 {
		return fmt.Errorf("usage: pulsar-go produce URL TOPIC IN-FLIGHT BATCH, or pulsar-go read URL")
	}
	client, err := pulsar.NewClient(pulsar.ClientOptions{
		URL:    arguments[1],
		Logger: log.NewLoggerWithSlog(slog.New(slog.NewTextHandler(io.Discard, nil))),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	switch arguments[0] {
	case "produce":
		return produce(client, arguments[2:])
	case "read":
		return read(client)
	default:
		return fmt.Errorf("unknown work %q", arguments[0])
	}
}

// produce keeps so many messages in flight: SendAsync waits when that many have no receipt yet.
func produce(client pulsar.Client, arguments []string) error {
	if len(arguments) != 3 {
		return fmt.Errorf("produce takes URL, TOPIC, IN-FLIGHT and BATCH")
	}
	inFlight, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}
	batch, err := strconv.Atoi(arguments[2])
	if err != nil {
		return err
	}
	producer, err := client.CreateProducer(pulsar.ProducerOptions{
		Topic:                   arguments[0],
		MaxPendingMessages:      inFlight,
		BatchingMaxMessages:     uint(batch),
		BatchingMaxSize:         1 << 20,
		BatchingMaxPublishDelay: time.Millisecond,
	})
	if err != nil {
		return err
	}
	defer producer.Close()
	return rounds(func(line string) error {
		count, err := strconv.Atoi(line)
		if err != nil {
			return err
		}
		return send(producer, count)
	})
}

func send(producer pulsar.Producer, count int) error {
	var left sync.WaitGroup
	var once sync.Once
	var failure error
	left.Add(count)
	done := func(_ pulsar.MessageID, _ *pulsar.ProducerMessage, err error) {
		if err != nil {
			once.Do(func() { failure = err })
		}
		left.Done()
	}
	for index := 0; index < count; index++ {
		producer.SendAsync(context.Background(), message(index), done)
	}
	left.Wait()
	return failure
}

// message has the payload and the eight properties that a message of the log has.
func message(index int) *pulsar.ProducerMessage {
	payload := bytes.Clone(letters)
	binary.LittleEndian.PutUint32(payload, uint32(index))
	return &pulsar.ProducerMessage{
		Payload: payload,
		Properties: map[string]string{
			"_v":   "1",
			"_t":   "1",
			"_tt":  strconv.FormatInt(1<<50+int64(index), 36),
			"_wt":  "1",
			"_wi":  "k3j9x2m7q1",
			"_vc":  "eu",
			"_lcs": "",
			"kind": "created",
		},
	}
}

var letters = bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz0123456789"), payloadBytes/36+1)[:payloadBytes]

// read makes a reader for each round. The time begins before the reader is made, as it does on the other side of the case.
func read(client pulsar.Client) error {
	return rounds(func(line string) error {
		topic, number, _ := strings.Cut(line, " ")
		count, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		reader, err := client.CreateReader(pulsar.ReaderOptions{
			Topic:             topic,
			StartMessageID:    pulsar.EarliestMessageID(),
			ReceiverQueueSize: 10_000,
		})
		if err != nil {
			return err
		}
		defer reader.Close()
		size := 0
		for got := 0; got < count; got++ {
			message, err := reader.Next(context.Background())
			if err != nil {
				return err
			}
			size += len(message.Payload()) + len(message.Properties())
		}
		if size == 0 {
			return fmt.Errorf("the messages of %s are empty", topic)
		}
		return nil
	})
}

// rounds does the work once for each line, and prints the milliseconds that it took.
func rounds(work func(line string) error) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		begin := time.Now()
		if err := work(lines.Text()); err != nil {
			return err
		}
		fmt.Println(float64(time.Since(begin).Microseconds()) / 1000)
	}
	return lines.Err()
}
