// See chart.h. Coordinates have one digit behind the point: a tenth of a pixel.
#include "sim/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "common/text.h"

namespace cox::sim {
namespace {

constexpr double bar_share = 0.62;    // of a bar's place
constexpr double mark_overhang = 3;   // pixels, on either side of a bar
constexpr double letter_width = 6.6;  // of the legend, about
constexpr double sample_width = 14;

}  // namespace

std::vector<double> round_ticks(double most, std::size_t wanted) {
  if (!(most > 0)) most = 1;
  const double rough = most / static_cast<double>(wanted);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks = {0};
  while (ticks.back() < most * (1 - 1e-9))
    ticks.push_back(static_cast<double>(ticks.size()) * step);
  return ticks;
}

std::string number_text(double value) {
  if (value < 1000 && value != std::floor(value)) {
    return fmt::format("{:.3g}", value);
  }
  std::string text = fmt::format("{:.0f}", value);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}

TimeUnit unit_for(double longest_s) {
  constexpr std::array units = {TimeUnit{"days", 86'400}, TimeUnit{"hours", 3600},
                                TimeUnit{"minutes", 60}};
  for (const TimeUnit& unit : units) {
    if (longest_s >= 3 * unit.seconds) return unit;
  }
  return {"seconds", 1};
}

std::string span_text(double seconds) {
  if (seconds < 60) return number_text(std::round(seconds * 10) / 10) + " s";
  const auto minutes = static_cast<std::int64_t>(std::llround(seconds / 60));
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 48 * 60) return fmt::format("{} h {} min", minutes / 60, minutes % 60);
  const std::int64_t hours = std::llround(seconds / 3600);
  return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : quoted(text, 200)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

Plot::Plot(const Box& box, double most) : box_(box), ticks_(round_ticks(most)) {}

std::string Plot::frame(const std::string& title) const {
  std::string svg = fmt::format("<text class=\"head\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
                                box_.left, box_.top - 14, escaped(title));
  for (const double tick : ticks_) {
    svg += fmt::format(
        "<path class=\"{}\" d=\"M{:.1f} {:.1f}H{:.1f}\"/>"
        "<text class=\"small\" text-anchor=\"end\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
        tick == 0 ? "axis" : "grid", box_.left, y(tick), box_.right(), box_.left - 8, y(tick) + 4,
        number_text(tick));
  }
  return svg;
}

std::string Plot::below(const std::vector<Mark>& marks, const std::string& name) const {
  std::string svg;
  for (const Mark& one : marks) {
    svg += fmt::format(
        "<path class=\"axis\" d=\"M{0:.1f} {1:.1f}v5\"/>"
        "<text class=\"small\" text-anchor=\"middle\" x=\"{0:.1f}\" y=\"{2:.1f}\">{3}</text>\n",
        x(one.share), box_.bottom(), box_.bottom() + 18, escaped(one.text));
  }
  return svg + fmt::format(
                   "<text class=\"small\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}"
                   "</text>\n",
                   x(0.5), box_.bottom() + 36, escaped(name));
}

std::string Plot::points(const std::vector<double>& values) const {
  std::string path;
  const auto count = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    path += fmt::format("V{:.1f}H{:.1f}", y(values[i]), x(static_cast<double>(i + 1) / count));
  }
  return path;
}

std::string Plot::area(const std::vector<double>& values, const char* kind) const {
  return fmt::format("<path class=\"{} area\" d=\"M{:.1f} {:.1f}{}V{:.1f}Z\"/>\n", kind, box_.left,
                     y(0), points(values), y(0));
}

std::string Plot::line(const std::vector<double>& values, const char* kind) const {
  if (values.empty()) return {};
  return fmt::format("<path class=\"{} line\" d=\"M{:.1f} {:.1f}{}\"/>\n", kind, box_.left,
                     y(values.front()), points(values));
}

std::string Plot::bar(std::size_t i,
                      std::size_t count,
                      double value,
                      const std::string& tip) const {
  const double place = box_.width / static_cast<double>(count);
  const double left = box_.left + (static_cast<double>(i) + (1 - bar_share) / 2) * place;
  return fmt::format(
      "<rect class=\"one\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">"
      "<title>{}</title></rect>\n",
      left, y(value), bar_share * place, box_.bottom() - y(value), escaped(tip));
}

std::string Plot::mark(std::size_t i, std::size_t count, double value) const {
  const double place = box_.width / static_cast<double>(count);
  const double left = box_.left + (static_cast<double>(i) + (1 - bar_share) / 2) * place;
  return fmt::format("<path class=\"two line mark\" d=\"M{:.1f} {:.1f}h{:.1f}\"/>\n",
                     left - mark_overhang, y(value), bar_share * place + 2 * mark_overhang);
}

std::string Plot::legend(const std::vector<Sample>& samples) const {
  double width = 0;
  for (const Sample& one : samples) {
    width += sample_width + 6 +
             letter_width * static_cast<double>(std::string_view(one.text).size()) + 16;
  }
  double at = box_.right() - width + 16;
  const double line = box_.top - 18;
  std::string svg;
  for (const Sample& one : samples) {
    svg += one.is_line ? fmt::format("<path class=\"{} line mark\" d=\"M{:.1f} {:.1f}h{}\"/>",
                                     one.kind, at, line, sample_width)
                       : fmt::format(
                             "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" "
                             "height=\"10\"/>",
                             one.kind, at, line - 5, sample_width);
    at += sample_width + 6;
    svg += fmt::format("<text class=\"small\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", at, line + 4,
                       escaped(one.text));
    at += letter_width * static_cast<double>(std::string_view(one.text).size()) + 16;
  }
  return svg;
}

}  // namespace cox::sim
