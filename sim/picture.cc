// See picture.h.
#include "sim/picture.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/bins.h"
#include "sim/chart.h"
#include "sim/figures.h"

namespace cox::sim {
namespace {

constexpr int image_width = 960;
constexpr int image_height = 880;
constexpr std::size_t time_bins = 430;  // two pixels each
constexpr Box used_box{76, 118, 860, 160};
constexpr Box queue_box{76, 366, 860, 160};
constexpr Box wait_box{76, 632, 390, 180};
constexpr Box slowdown_box{546, 632, 390, 180};

constexpr const char* style =
    "<style>\n"
    "text{font-family:system-ui,'DejaVu Sans',sans-serif;font-size:13px;fill:#1d2730}\n"
    ".title{font-size:20px;font-weight:600}.head{font-size:14px;font-weight:600}\n"
    ".small{font-size:12px;fill:#52606b}.ground{fill:#ffffff}\n"
    ".grid{stroke:#e1e6ea;fill:none}.axis{stroke:#8794a0;fill:none}\n"
    ".one{fill:#2b6cb0}.two{fill:#c05a12}\n"
    ".area{fill-opacity:.3}path.line{fill:none;stroke-width:1.2;stroke-linejoin:round}\n"
    ".one.line{stroke:#2b6cb0}.two.line{stroke:#c05a12}.mark{stroke-width:2}\n"
    "@media (prefers-color-scheme:dark){\n"
    "text{fill:#e8ecef}.small{fill:#a9b4bd}.ground{fill:#14191e}\n"
    ".grid{stroke:#2b343c}.axis{stroke:#6f7c87}\n"
    ".one{fill:#63a8ec}.two{fill:#f2a154}.one.line{stroke:#63a8ec}.two.line{stroke:#f2a154}\n"
    "}\n"
    "</style>\n";

std::string summary(const std::vector<Outcome>& outcomes, std::uint64_t processors) {
  const Figures figures = figures_of(outcomes, processors);
  return fmt::format(
      "{} jobs on {} processors: mean wait {}, longest {}, mean bounded slowdown {:.1f}, "
      "utilisation {:.1f} %",
      number_text(static_cast<double>(figures.jobs)), number_text(static_cast<double>(processors)),
      span_text(figures.mean_wait_s), span_text(static_cast<double>(figures.max_wait_s)),
      figures.mean_bounded_slowdown, 100 * figures.utilisation);
}

std::string time_axis(const Plot& plot, const TimeBins& bins) {
  const auto span = static_cast<double>(bins.last_s - bins.first_s);
  const TimeUnit unit = unit_for(span);
  std::vector<Plot::Mark> marks;
  for (const double tick : round_ticks(span / unit.seconds, 8)) {
    const double share = tick * unit.seconds / span;
    if (share <= 1) marks.push_back({share, number_text(tick)});
  }
  return plot.below(marks, std::string(unit.name) + " since the first submit");
}

std::string draw_utilisation(const TimeBins& bins, std::uint64_t processors) {
  std::vector<double> percent;
  for (const double used : bins.used) {
    percent.push_back(100 * used / static_cast<double>(std::max<std::uint64_t>(1, processors)));
  }
  const Plot plot(used_box, 100);
  return plot.frame("Utilisation (% of all processors)") + plot.area(percent, "one") +
         plot.line(percent, "one") + time_axis(plot, bins);
}

std::string draw_queue(const TimeBins& bins) {
  const std::vector<double> peak(bins.peak.begin(), bins.peak.end());
  const Plot plot(queue_box, peak.empty() ? 1 : *std::ranges::max_element(peak));
  return plot.frame("Jobs waiting") +
         plot.legend({{"one area", false, "mean"}, {"two", true, "peak"}}) +
         plot.area(bins.waiting, "one") + plot.line(bins.waiting, "one") + plot.line(peak, "two") +
         time_axis(plot, bins);
}

std::vector<Plot::Mark> size_marks(const std::vector<SizeBin>& bins) {
  std::vector<Plot::Mark> marks;
  const auto count = static_cast<double>(bins.size());
  // Of many, so many that their numbers stand apart.
  const std::size_t step = bins.size() > 12 ? 2 : 1;
  for (std::size_t i = 0; i < bins.size(); i += step) {
    marks.push_back(
        {(static_cast<double>(i) + 0.5) / count, number_text(static_cast<double>(bins[i].most))});
  }
  return marks;
}

constexpr const char* sizes_name = "processors of a job, at most";

/// Bars of means, each with a mark at what 95 of 100 jobs stay below.
struct Pair {
  double mean, rank_95;
  std::string tip;
};

std::string draw_bars(const Box& box,
                      const std::string& title,
                      const std::vector<SizeBin>& bins,
                      const std::vector<Pair>& pairs) {
  double most = 0;
  for (const Pair& one : pairs) most = std::max({most, one.mean, one.rank_95});
  const Plot plot(box, most);
  std::string svg =
      plot.frame(title) + plot.legend({{"one", false, "mean"}, {"two", true, "95 % at most"}});
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (bins[i].jobs == 0) continue;
    svg += plot.bar(i, pairs.size(), pairs[i].mean, pairs[i].tip);
    svg += plot.mark(i, pairs.size(), pairs[i].rank_95);
  }
  return svg + plot.below(size_marks(bins), sizes_name);
}

std::string jobs_text(const SizeBin& bin) {
  return fmt::format("{} jobs of at most {} processors", number_text(static_cast<double>(bin.jobs)),
                     number_text(static_cast<double>(bin.most)));
}

std::string draw_waits(const std::vector<SizeBin>& bins) {
  double longest = 0;
  for (const SizeBin& bin : bins) longest = std::max({longest, bin.mean_wait_s, bin.p95_wait_s});
  const TimeUnit unit = unit_for(longest);
  std::vector<Pair> pairs;
  for (const SizeBin& bin : bins) {
    pairs.push_back({bin.mean_wait_s / unit.seconds, bin.p95_wait_s / unit.seconds,
                     fmt::format("{}: mean wait {}, 95 % at most {}", jobs_text(bin),
                                 span_text(bin.mean_wait_s), span_text(bin.p95_wait_s))});
  }
  return draw_bars(wait_box, fmt::format("Wait by size ({})", unit.name), bins, pairs);
}

std::string draw_slowdowns(const std::vector<SizeBin>& bins) {
  std::vector<Pair> pairs;
  for (const SizeBin& bin : bins) {
    pairs.push_back({bin.mean_slowdown, bin.p95_slowdown,
                     fmt::format("{}: mean bounded slowdown {:.1f}, 95 % at most {:.1f}",
                                 jobs_text(bin), bin.mean_slowdown, bin.p95_slowdown)});
  }
  return draw_bars(slowdown_box, "Bounded slowdown by size", bins, pairs);
}

}  // namespace

std::string draw(const std::vector<Outcome>& outcomes,
                 std::uint64_t processors,
                 const std::string& title) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" role=\"img\">\n<title>{2}</title>\n{3}"
      "<rect class=\"ground\" width=\"{0}\" height=\"{1}\"/>\n"
      "<text class=\"title\" x=\"24\" y=\"38\">{2}</text>\n"
      "<text x=\"24\" y=\"64\">{4}</text>\n",
      image_width, image_height, escaped(title), style, escaped(summary(outcomes, processors)));
  const TimeBins bins = bins_over_time(outcomes, time_bins);
  if (!bins.used.empty()) {
    svg += draw_utilisation(bins, processors) + draw_queue(bins);
    const std::vector<SizeBin> sizes = bins_by_size(outcomes);
    svg += draw_waits(sizes) + draw_slowdowns(sizes);
  }
  return svg + "</svg>\n";
}

std::string to_page(const std::string& image, const std::string& title) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         escaped(title) +
         "</title>\n<style>body{margin:0}"
         "svg{display:block;margin:auto;max-width:100%;height:auto}"
         "@media (prefers-color-scheme:dark){body{background:#14191e}}</style>\n"
         "</head>\n<body>\n" +
         image + "</body>\n</html>\n";
}

}  // namespace cox::sim
