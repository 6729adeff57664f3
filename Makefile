# Everything a runner or a developer does, as one word. PYTHON picks the interpreter: make demo PYTHON=python3.12
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check

.PHONY: demo test check bench soak lock clean

demo: .venv/run.stamp            ## coach a simulated runner for a minute and a half
	@$(BIN)/coach demo $(ARGS)

test: .venv/dev.stamp            ## pass the tests
	$(BIN)/python -m pytest --cov --cov-report=term $(ARGS)

check: .venv/dev.stamp           ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/dev.stamp           ## measure speed, start-up and memory
	$(BIN)/python -m bench $(ARGS)

soak: .venv/dev.stamp            ## an hour on an emulated link that is lost every 20 s
	$(BIN)/python -m tests.radio.soak $(ARGS)

lock: .venv/dev.stamp            ## pin the newest allowed versions (on Linux)
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --upgrade $(LOCKING) -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile -q --upgrade $(LOCKING) --extra dev -o requirements-dev.lock pyproject.toml

LOCKING := --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.venv/made.stamp:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements.lock pyproject.toml
	@echo "Installing what the coach needs, once."
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock
	@$(PIP) install --quiet --no-deps --editable .
	@touch $@

.venv/dev.stamp: .venv/made.stamp requirements-dev.lock pyproject.toml
	@echo "Installing what the tests need, once."
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements-dev.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@ .venv/run.stamp

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage
