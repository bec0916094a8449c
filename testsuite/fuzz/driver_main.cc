// Runs one fuzz target without libFuzzer: each input of its corpus, then inputs mutated from them.
// usage: fuzz_TARGET [--corpus DIR] [--words FILE] [--inputs N] [--seed S] [--progress] [FILE...]
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "common/text.h"
#include "testsuite/fuzz/fuzz.h"
#include "testsuite/fuzz/mutate.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

constexpr std::size_t bytes_max = 4096;
constexpr std::uint64_t progress_inputs = 100'000;

struct Settings {
  std::string corpus, words;
  std::vector<std::string> files;
  std::uint64_t inputs = 0, seed = 1;
  bool shows_progress = false;
};

// For the report of a crash, which can be given no argument.
const std::string* current = nullptr;
std::string crash_file;

void keep_input() {
  if (current == nullptr) return;
  std::ofstream(crash_file, std::ios::binary) << *std::exchange(current, nullptr);
  std::fprintf(stderr, "the input is in %s\n", crash_file.c_str());
}

void on_abort(int /*signal*/) {
  keep_input();
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> read_all(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> inputs;
  for (const auto& path : paths) inputs.push_back(read(path));
  return inputs;
}

/// libFuzzer's dictionaries: one quoted word per line, \xNN for bytes.
std::vector<std::string> read_words(const std::string& path) {
  std::vector<std::string> words;
  const std::string text = read(path);
  for (const std::string_view line : cox::split(text, '\n')) {
    if (line.size() < 2 || line.front() != '"' || line.back() != '"') continue;
    std::string word;
    for (std::size_t at = 1; at + 1 < line.size(); ++at) {
      if (line.substr(at, 2) == "\\x") {
        word += cox::from_hex(line.substr(at + 2, 2)).value_or("");
        at += 3;
      } else {
        at += line[at] == '\\' ? 1U : 0U;
        word += line[at];
      }
    }
    words.push_back(word);
  }
  return words;
}

bool parse(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--progress") {
      settings->shows_progress = true;
      continue;
    }
    if (!word.starts_with("--")) {
      settings->files.push_back(word);
      continue;
    }
    ++i;
    if (word == "--corpus") {
      settings->corpus = value;
    } else if (word == "--words") {
      settings->words = value;
    } else if (word == "--inputs" || word == "--seed") {
      const auto number = cox::parse_u64(value);
      if (!number) return false;
      (word == "--inputs" ? settings->inputs : settings->seed) = *number;
    } else {
      return false;
    }
  }
  return true;
}

void run(const std::string& input) {
  current = &input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  current = nullptr;
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (!parse(argc, argv, &settings)) {
    std::fprintf(stderr,
                 "usage: %s [--corpus DIR] [--words FILE] [--inputs N] [--seed S] [--progress] "
                 "[FILE...]\n",
                 argv[0]);
    return 2;
  }
  const std::string name = std::filesystem::path(argv[0]).filename();
  crash_file = "crash-" + name;
  std::signal(SIGABRT, on_abort);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(keep_input);
  for (const std::string& file : settings.files) run(read(file));
  const auto corpus =
      settings.corpus.empty() ? std::vector<std::string>{} : read_all(settings.corpus);
  for (const std::string& input : corpus) run(input);
  const auto words =
      settings.words.empty() ? std::vector<std::string>{} : read_words(settings.words);
  cox::fuzz::Mutator mutator(settings.seed, corpus, words, bytes_max);
  for (std::uint64_t i = 1; i <= settings.inputs; ++i) {
    run(mutator.next());
    if (!settings.shows_progress || i % progress_inputs != 0) continue;
    std::fprintf(stderr, "%s: %llu inputs\n", name.c_str(), static_cast<unsigned long long>(i));
  }
  std::printf("%s: corpus %zu, mutated %llu (seed %llu), cpu %.1f s\n", name.c_str(), corpus.size(),
              static_cast<unsigned long long>(settings.inputs),
              static_cast<unsigned long long>(settings.seed), cpu_seconds());
  return 0;
}
