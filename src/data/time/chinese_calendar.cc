#include "data/time/chinese_calendar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

// Positions of sun and moon after Meeus, "Astronomical Algorithms" (second edition 1998), chapters 25, 27, 32
// and 49. An "ephemeris day" is a Julian day of Terrestrial Time.

namespace rondo::detail {
namespace {

constexpr double kUnixEpoch = 2440587.5;  // Julian day of 1970-01-01 00:00
constexpr double kBeijing = 8.0 / 24;     // its clock is ahead of UTC, in days

double sine(double degrees) { return std::sin(degrees * std::numbers::pi / 180); }

/// Terrestrial Time minus UTC in days (Espenak and Meeus 2006, polynomials for 1900 to 2150).
double delta_t(double year) {
  const double t = year - 2000;
  double seconds = 62.92 + 0.32217 * t + 0.005589 * t * t;
  if (year < 1941) {
    const double u = year - 1920;
    seconds = 21.20 + 0.84493 * u - 0.076100 * u * u + 0.0020936 * u * u * u;
  } else if (year < 1961) {
    const double u = year - 1950;
    seconds = 29.07 + 0.407 * u - u * u / 233 + u * u * u / 2547;
  } else if (year < 1986) {
    const double u = year - 1975;
    seconds = 45.45 + 1.067 * u - u * u / 260 - u * u * u / 718;
  } else if (year < 2005) {
    seconds = 63.86 + 0.3345 * t - 0.060374 * t * t + 0.0017275 * t * t * t;
  }
  return seconds / 86400;
}

/// The day by the clock of Beijing on which an ephemeris day falls, in days since 1970-01-01.
std::int64_t beijing_day(double ephemeris_day) {
  const double year = 2000 + (ephemeris_day - 2451545) / 365.25;
  return static_cast<std::int64_t>(std::floor(ephemeris_day - delta_t(year) + kBeijing - kUnixEpoch));
}

/// Apparent longitude of the sun in degrees, 0 to 360 (chapter 25, low accuracy: 0.01°).
double solar_longitude(double ephemeris_day) {
  const double t = (ephemeris_day - 2451545) / 36525;
  const double mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t;
  const double anomaly = 357.52911 + 35999.05029 * t - 0.0001537 * t * t;
  const double center = (1.914602 - 0.004817 * t - 0.000014 * t * t) * sine(anomaly) +
                        (0.019993 - 0.000101 * t) * sine(2 * anomaly) + 0.000289 * sine(3 * anomaly);
  const double node = 125.04 - 1934.136 * t;
  const double longitude = std::fmod(mean + center - 0.00569 - 0.00478 * sine(node), 360.0);
  return longitude < 0 ? longitude + 360 : longitude;
}

/// The ephemeris day, near the given one, on which the sun has that longitude.
double sun_at(double degrees, double near) {
  for (int i = 0; i < 10; ++i) {
    const double ahead = std::remainder(degrees - solar_longitude(near), 360.0);
    near += ahead * 365.2422 / 360;
  }
  return near;
}

/// The ephemeris day of new moon number k, counted from that of 6 January 2000 (chapter 49).
double new_moon(double k) {
  const double t = k / 1236.85, t2 = t * t, t3 = t2 * t, t4 = t3 * t;
  const double mean =
      2451550.09766 + 29.530588861 * k + 0.00015437 * t2 - 0.000000150 * t3 + 0.00000000073 * t4;
  const double e = 1 - 0.002516 * t - 0.0000074 * t2;
  const double sun = 2.5534 + 29.10535670 * k - 0.0000014 * t2 - 0.00000011 * t3;
  const double moon = 201.5643 + 385.81693528 * k + 0.0107582 * t2 + 0.00001238 * t3 - 0.000000058 * t4;
  const double latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t2 - 0.00000227 * t3 + 0.000000011 * t4;
  const double node = 124.7746 - 1.56375588 * k + 0.0020672 * t2 + 0.00000215 * t3;
  struct Term {
    double size;
    int e, sun, moon, latitude;  // power of e, multiples of the angles
  };
  constexpr std::array<Term, 21> kTerms{
      {{-0.40720, 0, 0, 1, 0}, {0.17241, 1, 1, 0, 0},   {0.01608, 0, 0, 2, 0},  {0.01039, 0, 0, 0, 2},
       {0.00739, 1, -1, 1, 0}, {-0.00514, 1, 1, 1, 0},  {0.00208, 2, 2, 0, 0},  {-0.00111, 0, 0, 1, -2},
       {-0.00057, 0, 0, 1, 2}, {0.00056, 1, 1, 2, 0},   {-0.00042, 0, 0, 3, 0}, {0.00042, 1, 1, 0, 2},
       {0.00038, 1, 1, 0, -2}, {-0.00024, 1, -1, 2, 0}, {-0.00007, 0, 2, 1, 0}, {0.00004, 0, 0, 2, -2},
       {0.00004, 0, 3, 0, 0},  {0.00003, 0, 1, 1, -2},  {0.00003, 0, 0, 2, 2},  {-0.00003, 0, 1, 1, 2},
       {0.00003, 0, -1, 1, 2}}};
  double correction = -0.00017 * sine(node);
  for (const Term& term : kTerms)
    correction +=
        term.size * std::pow(e, term.e) * sine(term.sun * sun + term.moon * moon + term.latitude * latitude);
  constexpr std::array<std::array<double, 3>, 14> kPlanets{{{299.77, 0.107408, 0.000325},
                                                            {251.88, 0.016321, 0.000165},
                                                            {251.83, 26.651886, 0.000164},
                                                            {349.42, 36.412478, 0.000126},
                                                            {84.66, 18.206239, 0.000110},
                                                            {141.74, 53.303771, 0.000062},
                                                            {207.14, 2.453732, 0.000060},
                                                            {154.84, 7.306860, 0.000056},
                                                            {34.52, 27.261239, 0.000047},
                                                            {207.19, 0.121824, 0.000042},
                                                            {291.34, 1.844379, 0.000040},
                                                            {161.72, 24.198154, 0.000037},
                                                            {239.56, 25.513099, 0.000035},
                                                            {331.55, 3.592518, 0.000023}}};
  for (std::size_t i = 0; i < kPlanets.size(); ++i) {
    const auto& [angle, speed, size] = kPlanets[i];
    correction += size * sine(angle + speed * k - (i == 0 ? 0.009173 * t2 : 0));
  }
  return mean + correction;
}

double ephemeris_day_of(int year, double day_of_year) {
  return 2451544.5 + 365.2425 * (year - 2000) + day_of_year;
}

/// The winter solstice of a year, and the number of the last new moon up to its day.
struct Solstice {
  std::int64_t day;
  double moon;  // that begins month 11
};
Solstice winter_solstice(int year) {
  const double moment = sun_at(270, ephemeris_day_of(year, 355));
  const std::int64_t day = beijing_day(moment);
  double k = std::ceil((moment - 2451550.1) / 29.530588861) + 1;
  while (beijing_day(new_moon(k)) > day) --k;
  return {day, k};
}

/// Whether the sun comes to a multiple of 30° in the month that begins with new moon k.
bool has_principal_term(double k) {
  const auto twelfth = [](std::int64_t day) {
    // At the very start of the day in Beijing.
    const double moment = static_cast<double>(day) + kUnixEpoch - kBeijing;
    return std::floor(solar_longitude(moment + delta_t(2000 + (moment - 2451545) / 365.25)) / 30);
  };
  return twelfth(beijing_day(new_moon(k))) != twelfth(beijing_day(new_moon(k + 1)));
}

}  // namespace

std::int64_t chinese_date(int year, int month, int day) {
  // Months 11 and 12 of a Chinese year follow the solstice of its own Gregorian year.
  const Solstice before = winter_solstice(month <= 10 ? year - 1 : year);
  const Solstice after = winter_solstice(month <= 10 ? year : year + 1);
  const int wanted = month <= 10 ? month + 2 : month - 10;  // 1 for month 11
  bool leap_to_come = after.moon - before.moon > 12.5;
  double k = before.moon;
  for (int number = 1; number < wanted;) {
    ++k;
    if (leap_to_come && !has_principal_term(k)) {
      leap_to_come = false;
      continue;
    }
    ++number;
  }
  return beijing_day(new_moon(k)) + day - 1;
}

std::int64_t clear_and_bright_day(int year) { return beijing_day(sun_at(15, ephemeris_day_of(year, 95))); }

}  // namespace rondo::detail
