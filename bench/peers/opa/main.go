// bench-opa runs one workload on OPA's Go library and prints one JSON line.
//
//	bench-opa FOLDER [--mode parsed|json] [--seconds S] [--check] [--answers FILE]
//
// It follows the same protocol as writ-bench (bench/README.md), so that two engines can be compared in one run
// with equal answers. OPA is used as fast as its library allows without giving anything up: a prepared query,
// inputs parsed to ast.Value beforehand (parsed mode), base data kept as AST values, one read transaction for
// all evaluations, no metrics, and the answer taken as the AST term that OPA found, not converted to Go values.
// The collector runs with Go's defaults and its time counts: CPU time is that of all threads.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/version"
)

type workload struct {
	Name       string   `json:"name"`
	Entrypoint string   `json:"entrypoint"`
	Modules    []string `json:"modules"`
	Data       string   `json:"data"`
	Inputs     string   `json:"inputs"`
}

type report struct {
	Engine        string  `json:"engine"`
	Version       string  `json:"version"`
	Workload      string  `json:"workload"`
	Mode          string  `json:"mode"`
	NsPerEval     float64 `json:"ns_per_eval"`
	WallNsPerEval float64 `json:"wall_ns_per_eval"`
	Evals         int64   `json:"evals"`
	Inputs        int     `json:"inputs"`
	Digest        string  `json:"digest"`
	PrepareMs     float64 `json:"prepare_ms"`
	ReadyRssKb    int64   `json:"ready_rss_kb"`
	RssKb         int64   `json:"rss_kb"`
}

type options struct {
	folder  string
	mode    string
	seconds float64
	check   bool
	answers string
}

func main() {
	opts, err := parseOptions(os.Args[1:])
	if err == nil {
		err = run(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-opa:", err)
		os.Exit(1)
	}
}

// The folder may stand before or after the flags.
func parseOptions(args []string) (options, error) {
	var opts options
	flags := flag.NewFlagSet("bench-opa", flag.ContinueOnError)
	flags.StringVar(&opts.mode, "mode", "parsed", "parsed or json")
	flags.Float64Var(&opts.seconds, "seconds", 1, "CPU seconds to measure")
	flags.BoolVar(&opts.check, "check", false, "evaluate every input once and print the digest of the answers")
	flags.StringVar(&opts.answers, "answers", "", "file for the answers of --check")
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return opts, err
		}
		args = flags.Args()
		if len(args) > 0 {
			if opts.folder != "" {
				return opts, fmt.Errorf("unexpected argument %q", args[0])
			}
			opts.folder, args = args[0], args[1:]
		}
	}
	if opts.folder == "" {
		return opts, errors.New("usage: bench-opa FOLDER [--mode parsed|json] [--seconds S] [--check] [--answers FILE]")
	}
	if opts.mode != "parsed" && opts.mode != "json" {
		return opts, fmt.Errorf("unknown mode %q", opts.mode)
	}
	if !(opts.seconds >= 0) {
		return opts, fmt.Errorf("seconds must not be negative")
	}
	return opts, nil
}

type engine struct {
	ctx   context.Context
	query rego.PreparedEvalQuery
	txn   storage.Transaction
	quiet metrics.Metrics
}

func run(opts options) error {
	before := cpuTime()
	work, err := readWorkload(opts.folder)
	if err != nil {
		return err
	}
	eng, err := prepare(opts.folder, work)
	if err != nil {
		return err
	}
	out := report{Engine: "opa", Version: version.Version, Workload: work.Name, Mode: opts.mode}
	out.PrepareMs = float64(cpuTime()-before) / 1e6
	debug.FreeOSMemory()
	if out.ReadyRssKb, err = statusKb("VmRSS"); err != nil {
		return err
	}

	texts, err := readLines(filepath.Join(opts.folder, work.Inputs))
	if err != nil {
		return err
	}
	out.Inputs = len(texts)
	var parsed []ast.Value
	if opts.mode == "parsed" {
		parsed = make([]ast.Value, len(texts))
		for i, text := range texts {
			if parsed[i], err = ast.ValueFromReader(bytes.NewReader(text)); err != nil {
				return fmt.Errorf("input %d: %w", i+1, err)
			}
		}
	}

	one := func(i int, answer []byte) ([]byte, error) {
		if opts.mode == "parsed" {
			_, err := eng.eval(parsed[i])
			return answer, err
		}
		return eng.evalText(texts[i], answer)
	}
	if opts.check {
		if out.Digest, err = check(eng, texts, opts.answers); err != nil {
			return err
		}
	}
	if opts.seconds > 0 {
		if err = measure(&out, len(texts), opts.seconds, one); err != nil {
			return err
		}
	}
	if out.RssKb, err = statusKb("VmHWM"); err != nil {
		return err
	}
	line, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(line))
	return err
}

func readWorkload(folder string) (workload, error) {
	var work workload
	text, err := os.ReadFile(filepath.Join(folder, "workload.json"))
	if err != nil {
		return work, err
	}
	if err := json.Unmarshal(text, &work); err != nil {
		return work, fmt.Errorf("workload.json: %w", err)
	}
	if work.Entrypoint == "" || len(work.Modules) == 0 || work.Inputs == "" {
		return work, errors.New("workload.json: entrypoint, modules and inputs are needed")
	}
	return work, nil
}

func prepare(folder string, work workload) (*engine, error) {
	data := ast.NewObject()
	if work.Data != "" {
		file, err := os.Open(filepath.Join(folder, work.Data))
		if err != nil {
			return nil, err
		}
		defer file.Close()
		value, err := ast.ValueFromReader(bufio.NewReader(file))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", work.Data, err)
		}
		object, ok := value.(ast.Object)
		if !ok {
			return nil, fmt.Errorf("%s: not an object", work.Data)
		}
		data = object
	}
	store := inmem.NewFromASTObject(data)
	settings := []func(*rego.Rego){
		rego.Query(work.Entrypoint),
		rego.Store(store),
		rego.GenerateJSON(func(term *ast.Term, _ *rego.EvalContext) (any, error) { return term.Value, nil }),
	}
	for _, name := range work.Modules {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		settings = append(settings, rego.Module(name, string(text)))
	}
	eng := &engine{ctx: context.Background(), quiet: metrics.NoOp()}
	var err error
	if eng.query, err = rego.New(settings...).PrepareForEval(eng.ctx); err != nil {
		return nil, err
	}
	eng.txn, err = store.NewTransaction(eng.ctx)
	return eng, err
}

// eval returns nil when the entrypoint is undefined.
func (eng *engine) eval(input ast.Value) (ast.Value, error) {
	results, err := eng.query.Eval(eng.ctx, rego.EvalParsedInput(input), rego.EvalTransaction(eng.txn),
		rego.EvalMetrics(eng.quiet))
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return results[0].Expressions[0].Value.(ast.Value), nil
}

func (eng *engine) evalText(text, answer []byte) ([]byte, error) {
	input, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		return answer, err
	}
	value, err := eng.eval(input)
	if err != nil {
		return answer, err
	}
	if value == nil {
		return append(answer, "undefined"...), nil
	}
	return appendJSON(answer, value)
}

func check(eng *engine, texts [][]byte, answers string) (string, error) {
	digest := sha256.New()
	sink := io.Writer(digest)
	if answers != "" {
		file, err := os.Create(answers)
		if err != nil {
			return "", err
		}
		defer file.Close()
		sink = io.MultiWriter(digest, file)
	}
	var line []byte
	for i, text := range texts {
		var err error
		if line, err = eng.evalText(text, line[:0]); err != nil {
			return "", fmt.Errorf("input %d: %w", i+1, err)
		}
		line = append(line, '\n')
		if _, err = sink.Write(line); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// measure warms up for a quarter of the time. The clock is read once in a batch, and a batch is as long as
// about five milliseconds.
func measure(out *report, inputs int, seconds float64, one func(int, []byte) ([]byte, error)) error {
	if inputs == 0 {
		return errors.New("no inputs")
	}
	next, batch := 0, int64(1)
	var answer []byte
	during := func(limit time.Duration) (evals int64, cpu, wall time.Duration, err error) {
		wallStart, cpuStart := time.Now(), cpuTime()
		for cpu < limit {
			before := cpu
			for n := int64(0); n < batch; n++ {
				if answer, err = one(next, answer[:0]); err != nil {
					return 0, 0, 0, fmt.Errorf("input %d: %w", next+1, err)
				}
				if next++; next == inputs {
					next = 0
				}
			}
			evals += batch
			cpu = cpuTime() - cpuStart
			if cpu-before < 5*time.Millisecond {
				batch *= 2
			}
		}
		return evals, cpu, time.Since(wallStart), nil
	}
	limit := time.Duration(seconds * 1e9)
	if _, _, _, err := during(limit / 4); err != nil {
		return err
	}
	evals, cpu, wall, err := during(limit)
	if err != nil {
		return err
	}
	out.Evals = evals
	out.NsPerEval = float64(cpu) / float64(evals)
	out.WallNsPerEval = float64(wall) / float64(evals)
	return nil
}

// cpuTime is the CPU time of all threads of the process.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func statusKb(field string) (int64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/self/status has no %s", field)
}

func readLines(path string) ([][]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines [][]byte
	for _, line := range bytes.Split(text, []byte("\n")) {
		if len(line) > 0 {
			lines = append(lines, line)
		}
	}
	return lines, nil
}
