package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

const (
	defaultTimeout = 5 * time.Second
	// What a query may take beyond its time before it is given up: the compiler does not look at
	// the clock, the evaluator does.
	grace = 5 * time.Second
)

func errorOf(err error) Error {
	e := Error{Code: "other", Message: err.Error(), Text: err.Error()}
	place := func(l *ast.Location) {
		if l != nil {
			e.File, e.Row, e.Col = l.File, l.Row, l.Col
		}
	}
	var fromAST *ast.Error
	var fromTopdown *topdown.Error
	// The evaluator's first: it may wrap a diagnostic, as that of rego.parse_module.
	if errors.As(err, &fromTopdown) {
		e.Code, e.Message = fromTopdown.Code, fromTopdown.Message
		place(fromTopdown.Location)
	} else if errors.As(err, &fromAST) {
		e.Code, e.Message = fromAST.Code, fromAST.Message
		place(fromAST.Location)
	}
	return e
}

func errorsOf(err error) []Error {
	var list ast.Errors
	var regoList rego.Errors
	var fromTopdown *topdown.Error
	out := []Error{}
	switch {
	case errors.As(err, &fromTopdown):
		out = append(out, errorOf(err))
	case errors.As(err, &list) && len(list) > 0:
		for _, e := range list {
			out = append(out, errorOf(e))
		}
	case errors.As(err, &regoList) && len(regoList) > 0:
		for _, e := range regoList {
			out = append(out, errorsOf(e)...)
		}
	default:
		out = append(out, errorOf(err))
	}
	return out
}

// world is what the queries of one case share.
type world struct {
	c        *Case
	compiler *ast.Compiler
	store    storage.Store
	input    *ast.Term
	timeout  time.Duration
}

// schemas is the set that --schema of OPA's commands makes; nil without one.
func (w *world) schemas() *ast.SchemaSet {
	if w.c.Schemas == nil {
		return nil
	}
	set := ast.NewSchemaSet()
	for path, schema := range w.c.Schemas {
		ref := ast.SchemaRootRef.Copy()
		for _, step := range strings.Split(path, "/") {
			if path != "" {
				ref = ref.Append(ast.StringTerm(step))
			}
		}
		set.Put(ref, schema)
	}
	return set
}

func (w *world) compile() error {
	version := ast.RegoV1
	if w.c.RegoVersion != nil && *w.c.RegoVersion == 0 {
		version = ast.RegoV0
	}
	modules := map[string]*ast.Module{}
	var failed ast.Errors
	for i, m := range w.c.Modules {
		name := m.Name
		if name == "" {
			name = fmt.Sprintf("test-%d.rego", i)
		}
		parsed, err := ast.ParseModuleWithOpts(name, m.Text, ast.ParserOptions{RegoVersion: version,
			ProcessAnnotation: true})
		if err != nil {
			var list ast.Errors
			if errors.As(err, &list) {
				failed = append(failed, list...)
				continue
			}
			return err
		}
		modules[name] = parsed
	}
	if len(failed) > 0 {
		return failed
	}
	w.compiler = ast.NewCompiler().WithDefaultRegoVersion(version).WithStrict(w.c.StrictMode).
		WithSchemas(w.schemas()).WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(w.c.Prints).SetErrorLimit(w.c.MaxErrors)
	if w.compiler.Compile(modules); w.compiler.Failed() {
		return w.compiler.Errors
	}
	return nil
}

func (w *world) readInput() error {
	if w.c.InputTerm != "" {
		term, err := ast.ParseTerm(w.c.InputTerm)
		w.input = term
		return err
	}
	if len(w.c.Input) == 0 {
		return nil
	}
	var v any
	if err := util.UnmarshalJSON(w.c.Input, &v); err != nil {
		return err
	}
	value, err := ast.InterfaceToValue(v)
	w.input = ast.NewTerm(value)
	return err
}

// prepare builds the world; on an error it names the phase.
func (w *world) prepare() (string, error) {
	if err := w.compile(); err != nil {
		return "modules", err
	}
	data := map[string]any{}
	if len(w.c.Data) > 0 && string(w.c.Data) != "null" {
		if err := util.UnmarshalJSON(w.c.Data, &data); err != nil {
			return "data", err
		}
	}
	w.store = inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false))
	if err := w.readInput(); err != nil {
		return "input", err
	}
	return "", nil
}

// askEval asks as `opa eval` does.
func (w *world) askEval(ctx context.Context, query string) ([]Row, error) {
	options := []func(*rego.Rego){rego.Compiler(w.compiler), rego.Store(w.store), rego.Query(query),
		rego.StrictBuiltinErrors(w.c.Strict), rego.EnablePrintStatements(w.c.Prints)}
	if w.input != nil {
		options = append(options, rego.ParsedInput(w.input.Value))
	}
	set, err := rego.New(options...).Eval(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(set))
	for _, r := range set {
		row := Row{Bindings: r.Bindings, Values: make([]any, 0, len(r.Expressions))}
		if row.Bindings == nil {
			row.Bindings = map[string]any{}
		}
		for _, e := range r.Expressions {
			row.Values = append(row.Values, e.Value)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// askEvaluator asks the evaluator alone, as OPA's own cases are run.
func (w *world) askEvaluator(ctx context.Context, query string, terms bool) ([]Row, error) {
	body, err := ast.ParseBody(query)
	if err != nil {
		return nil, err
	}
	// Strict mode is for modules: opa eval switches it off for queries too.
	compiled, err := w.compiler.QueryCompiler().WithStrict(false).
		WithEnablePrintStatements(w.c.Prints).Compile(body)
	if err != nil {
		return nil, err
	}
	cancel := topdown.NewCancel()
	stop := context.AfterFunc(ctx, cancel.Cancel)
	defer stop()
	txn, err := w.store.NewTransaction(ctx)
	if err != nil {
		return nil, err
	}
	defer w.store.Abort(ctx, txn)
	set, err := topdown.NewQuery(compiled).WithCompiler(w.compiler).WithStore(w.store).
		WithTransaction(txn).WithInput(w.input).WithStrictBuiltinErrors(w.c.Strict).
		WithCancel(cancel).Run(ctx)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, 0, len(set))
	for _, r := range set {
		row := Row{Bindings: map[string]any{}}
		for name, term := range r {
			if name.IsGenerated() {
				continue
			}
			if terms {
				row.Bindings[string(name)] = term.String()
				continue
			}
			v, err := ast.JSON(term.Value)
			if err != nil {
				return nil, err
			}
			row.Bindings[string(name)] = v
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (w *world) ask(query string) Answer {
	ctx, cancel := context.WithTimeout(context.Background(), w.timeout)
	defer cancel()
	var rows []Row
	var err error
	switch w.c.As {
	case "", "eval":
		rows, err = w.askEval(ctx, query)
	default:
		rows, err = w.askEvaluator(ctx, query, w.c.As == "terms")
	}
	if err != nil {
		return Answer{Errors: errorsOf(err)}
	}
	return Answer{Rows: rows, Undefined: len(rows) == 0}
}

func evaluate(c *Case, timeout time.Duration) (out Result) {
	out.ID = c.ID
	defer func() {
		if r := recover(); r != nil {
			text := strings.SplitN(fmt.Sprint(r), "\n", 2)[0]
			out = Result{ID: c.ID, Phase: "panic",
				Errors: []Error{{Code: "panic", Message: text, Text: text}}}
		}
	}()
	if c.As != "" && c.As != "eval" && c.As != "bindings" && c.As != "terms" {
		return refusal(c.ID, "line", fmt.Errorf("as: eval, bindings or terms, not %q", c.As))
	}
	w := world{c: c, timeout: timeout}
	if phase, err := w.prepare(); err != nil {
		return refusal(c.ID, phase, err)
	}
	queries := c.Queries
	if c.Query != "" {
		queries = append([]string{c.Query}, queries...)
	}
	for _, q := range queries {
		out.Answers = append(out.Answers, w.ask(q))
	}
	return out
}

func refusal(id []byte, phase string, err error) Result {
	return Result{ID: id, Phase: phase, Errors: errorsOf(err)}
}

// Run evaluates a case within its time, whatever it does short of ending the process.
func Run(c *Case) Result {
	timeout := defaultTimeout
	if c.TimeoutMS > 0 {
		timeout = time.Duration(c.TimeoutMS) * time.Millisecond
	}
	done := make(chan Result, 1)
	go func() { done <- evaluate(c, timeout) }()
	n := time.Duration(1 + len(c.Queries))
	select {
	case r := <-done:
		return r
	case <-time.After(timeout*n + grace):
		return refusal(c.ID, "timeout", errors.New("gave up waiting"))
	}
}
