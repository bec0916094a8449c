// Parts of a picture in SVG: scales with round numbers, a frame with grid and names, areas, lines
// and bars. Colours are classes of the style sheet, which knows a light and a dark background.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cox::sim {

/// Where a plot is, in pixels.
struct Box {
  double left = 0, top = 0, width = 0, height = 0;

  double right() const { return left + width; }

  double bottom() const { return top + height; }
};

/// Round values from 0 on, the last at or above `most`. `most` 0 or below counts as 1.
std::vector<double> round_ticks(double most, std::size_t wanted = 5);
/// "12,000", "0.5": no more digits than the value has.
std::string number_text(double value);

/// What a duration is best counted in.
struct TimeUnit {
  const char* name;  // "hours"
  double seconds;
};

TimeUnit unit_for(double longest_s);
/// "1 h 39 min"
std::string span_text(double seconds);
/// For text and attributes.
std::string escaped(std::string_view text);

/// A plot whose values go from 0 to the last tick, whose x from 0 to 1.
class Plot {
 public:
  Plot(const Box& box, double most);

  double x(double share) const { return box_.left + share * box_.width; }

  double y(double value) const { return box_.bottom() - value / ticks_.back() * box_.height; }

  /// Title, grid, numbers of the y axis.
  std::string frame(const std::string& title) const;

  /// Numbers below, at shares of the width, and what they count.
  struct Mark {
    double share;
    std::string text;
  };

  std::string below(const std::vector<Mark>& marks, const std::string& name) const;
  /// Steps over the whole width, one for each value.
  std::string area(const std::vector<double>& values, const char* kind) const;
  std::string line(const std::vector<double>& values, const char* kind) const;
  /// The upright bar number `i` of `count`, with a tooltip.
  std::string bar(std::size_t i, std::size_t count, double value, const std::string& tip) const;
  /// A short line across that bar.
  std::string mark(std::size_t i, std::size_t count, double value) const;

  /// Samples at the right, above the plot: class and text, from left to right.
  struct Sample {
    const char* kind;
    bool is_line;
    const char* text;
  };

  std::string legend(const std::vector<Sample>& samples) const;

 private:
  std::string points(const std::vector<double>& values) const;

  Box box_;
  std::vector<double> ticks_;
};

}  // namespace cox::sim
