// The oracle answers what OPA's library answers: one JSON line in, one JSON line out, in order.
// README.md is the manual.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
)

const (
	lineMax  = 64 << 20 // bytes of one line; a longer one ends the process
	stackMax = 256 << 20
)

func encode(r Result) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		b.Reset()
		_ = e.Encode(refusal(r.ID, "answer", err))
	}
	return b.Bytes()
}

func answer(line []byte) []byte {
	var c Case
	if err := json.Unmarshal(line, &c); err != nil {
		return encode(refusal(nil, "line", err))
	}
	return encode(Run(&c))
}

// write puts the answers out in the order of their lines, and at once when none is waiting.
func write(out io.Writer, pending <-chan chan []byte, done chan<- error) {
	w := bufio.NewWriterSize(out, 1<<20)
	for next := range pending {
		if _, err := w.Write(<-next); err != nil {
			done <- err
			return
		}
		if len(pending) == 0 {
			if err := w.Flush(); err != nil {
				done <- err
				return
			}
		}
	}
	done <- w.Flush()
}

func serve(in io.Reader, out io.Writer, jobs int) error {
	r := bufio.NewScanner(in)
	r.Buffer(make([]byte, 1<<20), lineMax)
	pending := make(chan chan []byte, 4*jobs)
	free := make(chan struct{}, jobs)
	done := make(chan error, 1)
	go write(out, pending, done)
	for r.Scan() {
		if len(bytes.TrimSpace(r.Bytes())) == 0 {
			continue
		}
		line := bytes.Clone(r.Bytes())
		next := make(chan []byte, 1)
		select {
		case pending <- next:
		case err := <-done:
			return err
		}
		free <- struct{}{}
		go func() {
			next <- answer(line)
			<-free
		}()
	}
	close(pending)
	return errors.Join(r.Err(), <-done)
}

func main() {
	jobs := flag.Int("jobs", runtime.GOMAXPROCS(0), "cases evaluated at the same time")
	flag.Parse()
	if *jobs < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	debug.SetMaxStack(stackMax)
	debug.SetGCPercent(400)
	if err := serve(os.Stdin, os.Stdout, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}
