#include "data/time/holiday_rules.h"

#include <array>

// The laws of each country, as they changed since 2000. tests/golden/holidays.tsv compares them with another
// implementation.

namespace rondo::detail {
namespace {

using Kind = HolidayRule::Kind;
using Weekend = HolidayRule::Weekend;

enum Day { kMonday, kTuesday, kWednesday, kThursday, kFriday, kSaturday, kSunday };

constexpr HolidayRule on(int month, int day, const char* name) { return {name, Kind::date, month, day}; }
constexpr HolidayRule easter(int days, const char* name) { return {name, Kind::easter, 0, days}; }
/// The first such weekday from that date on.
constexpr HolidayRule from(int month, int day, Day weekday, const char* name) {
  return {name, Kind::weekday, month, day, weekday};
}
constexpr HolidayRule chinese(int month, int day, const char* name) {
  return {name, Kind::chinese, month, day};
}

constexpr HolidayRule kNewYear = on(1, 1, "New Year's Day"), kEpiphany = on(1, 6, "Epiphany"),
                      kMaundyThursday = easter(-3, "Maundy Thursday"),
                      kGoodFriday = easter(-2, "Good Friday"), kEaster = easter(0, "Easter Sunday"),
                      kEasterMonday = easter(1, "Easter Monday"), kLabour = on(5, 1, "Labour Day"),
                      kAscension = easter(39, "Ascension Day"), kWhitSunday = easter(49, "Whit Sunday"),
                      kWhitMonday = easter(50, "Whit Monday"), kCorpusChristi = easter(60, "Corpus Christi"),
                      kAssumption = on(8, 15, "Assumption Day"), kAllSaints = on(11, 1, "All Saints' Day"),
                      kImmaculate = on(12, 8, "Immaculate Conception"),
                      kChristmasEve = on(12, 24, "Christmas Eve"), kChristmas = on(12, 25, "Christmas Day"),
                      kBoxing = on(12, 26, "Boxing Day"), kStephen = on(12, 26, "Saint Stephen's Day"),
                      kSecondChristmas = on(12, 26, "Second Day of Christmas"),
                      kMidsummerEve = from(6, 19, kFriday, "Midsummer Eve"),
                      kMidsummer = from(6, 20, kSaturday, "Midsummer Day"),
                      kAllSaintsSaturday = from(10, 31, kSaturday, "All Saints' Day");

constexpr std::array kAustria{
    kNewYear,    kEpiphany,      kEasterMonday, kLabour,    kAscension,
    kWhitMonday, kCorpusChristi, kAssumption,   kAllSaints, on(10, 26, "National Day"),
    kImmaculate, kChristmas,     kStephen};

constexpr std::array kAustralia{kNewYear,
                                on(1, 26, "Australia Day"),
                                kGoodFriday,
                                kEasterMonday,
                                on(4, 25, "Anzac Day"),
                                kChristmas,
                                kBoxing,
                                on(9, 22, "National Day of Mourning").in(2022)};

constexpr std::array kBelgium{kNewYear,
                              kEaster,
                              kEasterMonday,
                              kLabour,
                              kAscension,
                              kWhitSunday,
                              kWhitMonday,
                              on(7, 21, "National Day"),
                              kAssumption,
                              kAllSaints,
                              on(11, 11, "Armistice Day"),
                              kChristmas};

constexpr std::array kBrazil{kNewYear,
                             kGoodFriday,
                             on(4, 21, "Tiradentes' Day"),
                             kLabour,
                             on(9, 7, "Independence Day"),
                             on(10, 12, "Our Lady of Aparecida"),
                             on(11, 2, "All Souls' Day"),
                             on(11, 15, "Proclamation of the Republic"),
                             on(11, 20, "Black Awareness Day").since(2024),
                             kChristmas};

constexpr std::array kCanada{
    kNewYear.on_weekends(Weekend::next),
    kGoodFriday,
    from(5, 18, kMonday, "Victoria Day"),
    on(7, 1, "Canada Day").on_weekends(Weekend::next),
    from(9, 1, kMonday, "Labour Day"),
    on(9, 30, "National Day for Truth and Reconciliation").since(2021).on_weekends(Weekend::next),
    from(10, 8, kMonday, "Thanksgiving"),
    on(11, 11, "Remembrance Day").on_weekends(Weekend::next),
    kChristmas.on_weekends(Weekend::next),
    kBoxing.on_weekends(Weekend::next)};

constexpr std::array kSwitzerland{kNewYear, kAscension, on(8, 1, "National Day"), kChristmas};

constexpr std::array kChina{kNewYear,
                            chinese(1, 0, "Chinese New Year's Eve").since(2008).until(2013),
                            chinese(1, 0, "Chinese New Year's Eve").since(2025),
                            chinese(1, 1, "Chinese New Year"),
                            chinese(1, 2, "Second Day of Chinese New Year"),
                            chinese(1, 3, "Third Day of Chinese New Year").until(2007),
                            chinese(1, 3, "Third Day of Chinese New Year").since(2014),
                            HolidayRule{"Qingming", Kind::clear_and_bright}.since(2008),
                            kLabour,
                            on(5, 2, "Second Day of Labour Day").until(2007),
                            on(5, 2, "Second Day of Labour Day").since(2025),
                            on(5, 3, "Third Day of Labour Day").until(2007),
                            chinese(5, 5, "Dragon Boat Festival").since(2008),
                            chinese(8, 15, "Mid-Autumn Festival").since(2008),
                            on(10, 1, "National Day"),
                            on(10, 2, "Second Day of National Day"),
                            on(10, 3, "Third Day of National Day"),
                            on(9, 3, "Victory Day").in(2015)};

constexpr std::array kCzechia{kNewYear,
                              kGoodFriday.since(2016),
                              kEasterMonday,
                              kLabour,
                              on(5, 8, "Victory Day"),
                              on(7, 5, "Saints Cyril and Methodius Day"),
                              on(7, 6, "Jan Hus Day"),
                              on(9, 28, "Statehood Day"),
                              on(10, 28, "Independence Day"),
                              on(11, 17, "Freedom and Democracy Day"),
                              kChristmasEve,
                              kChristmas,
                              kSecondChristmas};

constexpr std::array kGermany{kNewYear,
                              kGoodFriday,
                              kEasterMonday,
                              kLabour,
                              kAscension,
                              kWhitMonday,
                              on(10, 3, "German Unity Day"),
                              on(10, 31, "Reformation Day").in(2017),
                              kChristmas,
                              kSecondChristmas};

constexpr std::array kDenmark{kNewYear,   kMaundyThursday, kGoodFriday,
                              kEaster,    kEasterMonday,   easter(26, "Great Prayer Day").until(2023),
                              kAscension, kWhitSunday,     kWhitMonday,
                              kChristmas, kSecondChristmas};

constexpr std::array kSpain{kNewYear.on_weekends(Weekend::lapses),
                            kEpiphany.on_weekends(Weekend::lapses),
                            kGoodFriday,
                            kLabour.on_weekends(Weekend::lapses),
                            kAssumption.on_weekends(Weekend::lapses),
                            on(10, 12, "National Day").on_weekends(Weekend::lapses),
                            kAllSaints.on_weekends(Weekend::lapses),
                            on(12, 6, "Constitution Day").on_weekends(Weekend::lapses),
                            kImmaculate.on_weekends(Weekend::lapses),
                            kChristmas.on_weekends(Weekend::lapses)};

constexpr std::array kFinland{kNewYear,      kEpiphany,  kGoodFriday,        kEaster,
                              kEasterMonday, kLabour,    kAscension,         kWhitSunday,
                              kMidsummerEve, kMidsummer, kAllSaintsSaturday, on(12, 6, "Independence Day"),
                              kChristmasEve, kChristmas, kSecondChristmas};

constexpr std::array kFrance{kNewYear,
                             kEasterMonday,
                             kLabour,
                             on(5, 8, "Victory Day"),
                             kAscension,
                             kWhitMonday.until(2004),
                             kWhitMonday.since(2008),
                             on(7, 14, "Bastille Day"),
                             kAssumption,
                             kAllSaints,
                             on(11, 11, "Armistice Day"),
                             kChristmas};

constexpr std::array kBritain{kNewYear.on_weekends(Weekend::next),
                              kGoodFriday,
                              kEasterMonday,
                              from(5, 1, kMonday, "Early May Bank Holiday").until(2019),
                              on(5, 8, "Early May Bank Holiday").in(2020),
                              from(5, 1, kMonday, "Early May Bank Holiday").since(2021),
                              from(5, 25, kMonday, "Spring Bank Holiday").until(2001),
                              on(6, 4, "Spring Bank Holiday").in(2002),
                              from(5, 25, kMonday, "Spring Bank Holiday").since(2003).until(2011),
                              on(6, 4, "Spring Bank Holiday").in(2012),
                              from(5, 25, kMonday, "Spring Bank Holiday").since(2013).until(2021),
                              on(6, 2, "Spring Bank Holiday").in(2022),
                              from(5, 25, kMonday, "Spring Bank Holiday").since(2023),
                              from(8, 25, kMonday, "Summer Bank Holiday"),
                              kChristmas.on_weekends(Weekend::next),
                              kBoxing.on_weekends(Weekend::next),
                              on(6, 3, "Golden Jubilee").in(2002),
                              on(4, 29, "Royal Wedding").in(2011),
                              on(6, 5, "Diamond Jubilee").in(2012),
                              on(6, 3, "Platinum Jubilee").in(2022),
                              on(9, 19, "State Funeral of Elizabeth II").in(2022),
                              on(5, 8, "Coronation of Charles III").in(2023)};

constexpr std::array kIreland{kNewYear,
                              HolidayRule{"Saint Brigid's Day", Kind::saint_brigid}.since(2023),
                              on(3, 17, "Saint Patrick's Day"),
                              kEasterMonday,
                              from(5, 1, kMonday, "May Day"),
                              from(6, 1, kMonday, "June Holiday"),
                              from(8, 1, kMonday, "August Holiday"),
                              from(10, 25, kMonday, "October Holiday"),
                              kChristmas,
                              kStephen,
                              on(9, 14, "National Day of Mourning").in(2011),
                              on(3, 18, "Day of Remembrance").in(2022)};

constexpr std::array kIndia{on(1, 26, "Republic Day"), on(8, 15, "Independence Day"),
                            on(10, 2, "Gandhi's Birthday")};

constexpr std::array kItaly{kNewYear,
                            kEpiphany,
                            on(3, 17, "Unification of Italy").in(2011),
                            kEaster,
                            kEasterMonday,
                            on(4, 25, "Liberation Day"),
                            kLabour,
                            from(6, 1, kSunday, "Republic Day").until(2000),
                            on(6, 2, "Republic Day").since(2001),
                            kAssumption,
                            on(10, 4, "Saint Francis of Assisi").since(2026),
                            kAllSaints,
                            from(11, 1, kSunday, "National Unity Day"),
                            kImmaculate,
                            kChristmas,
                            kStephen};

// Substitute holidays, and days between two holidays, are added by rule (Act on National Holidays, article
// 3).
constexpr std::array kJapan{kNewYear,
                            from(1, 8, kMonday, "Coming of Age Day"),
                            on(2, 11, "Foundation Day"),
                            on(2, 23, "Emperor's Birthday").since(2020),
                            HolidayRule{"Vernal Equinox Day", Kind::vernal_equinox},
                            on(4, 29, "Greenery Day").until(2006),
                            on(4, 29, "Showa Day").since(2007),
                            on(5, 3, "Constitution Day"),
                            on(5, 4, "Greenery Day").since(2007),
                            on(5, 5, "Children's Day"),
                            on(7, 20, "Marine Day").until(2002),
                            from(7, 15, kMonday, "Marine Day").since(2003).until(2019),
                            on(7, 23, "Marine Day").in(2020),
                            on(7, 22, "Marine Day").in(2021),
                            from(7, 15, kMonday, "Marine Day").since(2022),
                            on(8, 11, "Mountain Day").since(2016).until(2019),
                            on(8, 10, "Mountain Day").in(2020),
                            on(8, 8, "Mountain Day").in(2021),
                            on(8, 11, "Mountain Day").since(2022),
                            on(9, 15, "Respect for the Aged Day").until(2002),
                            from(9, 15, kMonday, "Respect for the Aged Day").since(2003),
                            HolidayRule{"Autumnal Equinox Day", Kind::autumnal_equinox},
                            from(10, 8, kMonday, "Sports Day").until(2019),
                            on(7, 24, "Sports Day").in(2020),
                            on(7, 23, "Sports Day").in(2021),
                            from(10, 8, kMonday, "Sports Day").since(2022),
                            on(11, 3, "Culture Day"),
                            on(11, 23, "Labor Thanksgiving Day"),
                            on(12, 23, "Emperor's Birthday").until(2018),
                            on(5, 1, "Enthronement Day").in(2019),
                            on(10, 22, "Enthronement Ceremony").in(2019)};

constexpr std::array kLuxembourg{kNewYear,
                                 kEasterMonday,
                                 kLabour,
                                 on(5, 9, "Europe Day").since(2019),
                                 kAscension,
                                 kWhitMonday,
                                 on(6, 23, "National Day"),
                                 kAssumption,
                                 kAllSaints,
                                 kChristmas,
                                 kStephen};

constexpr std::array kMexico{kNewYear,
                             on(2, 5, "Constitution Day").until(2005),
                             from(2, 1, kMonday, "Constitution Day").since(2006),
                             on(3, 21, "Benito Juárez's Birthday").until(2006),
                             from(3, 15, kMonday, "Benito Juárez's Birthday").since(2007),
                             kLabour,
                             on(9, 16, "Independence Day"),
                             on(11, 20, "Revolution Day").until(2005),
                             from(11, 15, kMonday, "Revolution Day").since(2006),
                             on(12, 1, "Change of Government").since(2000).until(2018).every_years(6),
                             on(10, 1, "Change of Government").since(2024).every_years(6),
                             kChristmas};

constexpr std::array kNetherlands{kNewYear,
                                  kGoodFriday,
                                  kEaster,
                                  kEasterMonday,
                                  on(4, 30, "Queen's Day").until(2013).on_weekends(Weekend::before),
                                  on(4, 27, "King's Day").since(2014).on_weekends(Weekend::before),
                                  on(5, 5, "Liberation Day").since(1990).every_years(5),
                                  kAscension,
                                  kWhitSunday,
                                  kWhitMonday,
                                  kChristmas,
                                  kSecondChristmas};

constexpr std::array kNorway{kNewYear,      kMaundyThursday, kGoodFriday, kEaster,
                             kEasterMonday, kLabour,         kAscension,  on(5, 17, "Constitution Day"),
                             kWhitSunday,   kWhitMonday,     kChristmas,  kSecondChristmas};

constexpr HolidayRule matariki(int year, int month, int day) { return on(month, day, "Matariki").in(year); }

// Matariki: schedule 1 of Te Kāhui o Matariki Public Holiday Act 2022.
constexpr std::array kNewZealand{kNewYear.on_weekends(Weekend::next),
                                 on(1, 2, "Day after New Year's Day").on_weekends(Weekend::next),
                                 on(2, 6, "Waitangi Day").on_weekends(Weekend::next, 2014),
                                 kGoodFriday,
                                 kEasterMonday,
                                 on(4, 25, "Anzac Day").on_weekends(Weekend::next, 2014),
                                 from(6, 1, kMonday, "Sovereign's Birthday"),
                                 from(10, 22, kMonday, "Labour Day"),
                                 kChristmas.on_weekends(Weekend::next),
                                 kBoxing.on_weekends(Weekend::next),
                                 on(9, 26, "Queen Elizabeth II Memorial Day").in(2022),
                                 matariki(2022, 6, 24),
                                 matariki(2023, 7, 14),
                                 matariki(2024, 6, 28),
                                 matariki(2025, 6, 20),
                                 matariki(2026, 7, 10),
                                 matariki(2027, 6, 25),
                                 matariki(2028, 7, 14),
                                 matariki(2029, 7, 6),
                                 matariki(2030, 6, 21),
                                 matariki(2031, 7, 11),
                                 matariki(2032, 7, 2),
                                 matariki(2033, 6, 24),
                                 matariki(2034, 7, 7),
                                 matariki(2035, 6, 29),
                                 matariki(2036, 7, 18),
                                 matariki(2037, 7, 10),
                                 matariki(2038, 6, 25),
                                 matariki(2039, 7, 15),
                                 matariki(2040, 7, 6),
                                 matariki(2041, 7, 19),
                                 matariki(2042, 7, 11),
                                 matariki(2043, 7, 3),
                                 matariki(2044, 6, 24),
                                 matariki(2045, 7, 7),
                                 matariki(2046, 6, 29),
                                 matariki(2047, 7, 19),
                                 matariki(2048, 7, 3),
                                 matariki(2049, 6, 25),
                                 matariki(2050, 7, 15),
                                 matariki(2051, 6, 30),
                                 matariki(2052, 6, 21)};

constexpr std::array kPoland{kNewYear,
                             kEpiphany.since(2011),
                             kEaster,
                             kEasterMonday,
                             kLabour,
                             on(5, 3, "Constitution Day"),
                             kWhitSunday,
                             kCorpusChristi,
                             kAssumption,
                             kAllSaints,
                             on(11, 11, "Independence Day"),
                             on(11, 12, "Independence Day Centenary").in(2018),
                             kChristmasEve.since(2025),
                             kChristmas,
                             kSecondChristmas};

constexpr std::array kPortugal{kNewYear,
                               kGoodFriday,
                               kEaster,
                               on(4, 25, "Freedom Day"),
                               kLabour,
                               kCorpusChristi.until(2012),
                               kCorpusChristi.since(2016),
                               on(6, 10, "Portugal Day"),
                               kAssumption,
                               on(10, 5, "Republic Day").until(2012),
                               on(10, 5, "Republic Day").since(2016),
                               kAllSaints.until(2012),
                               kAllSaints.since(2016),
                               on(12, 1, "Restoration of Independence").until(2012),
                               on(12, 1, "Restoration of Independence").since(2016),
                               kImmaculate,
                               kChristmas};

constexpr std::array kSweden{kNewYear,
                             kEpiphany,
                             kGoodFriday,
                             kEaster,
                             kEasterMonday,
                             kLabour,
                             kAscension,
                             kWhitSunday,
                             kWhitMonday.until(2004),
                             on(6, 6, "National Day").since(2005),
                             kMidsummer,
                             kAllSaintsSaturday,
                             kChristmas,
                             kSecondChristmas};

constexpr std::array kUnitedStates{kNewYear.on_weekends(Weekend::nearest),
                                   from(1, 15, kMonday, "Martin Luther King Jr. Day"),
                                   from(2, 15, kMonday, "Washington's Birthday"),
                                   from(5, 25, kMonday, "Memorial Day"),
                                   on(6, 19, "Juneteenth").since(2021).on_weekends(Weekend::nearest),
                                   on(7, 4, "Independence Day").on_weekends(Weekend::nearest),
                                   from(9, 1, kMonday, "Labor Day"),
                                   from(10, 8, kMonday, "Columbus Day"),
                                   on(11, 11, "Veterans Day").on_weekends(Weekend::nearest),
                                   from(11, 22, kThursday, "Thanksgiving"),
                                   kChristmas.on_weekends(Weekend::nearest)};

constexpr std::array<HolidayCountry, 27> kCountries{
    {{"AT", kAustria},     {"AU", kAustralia},   {"BE", kBelgium},    {"BR", kBrazil},     {"CA", kCanada},
     {"CH", kSwitzerland}, {"CN", kChina},       {"CZ", kCzechia},    {"DE", kGermany},    {"DK", kDenmark},
     {"ES", kSpain},       {"FI", kFinland},     {"FR", kFrance},     {"GB", kBritain},    {"IE", kIreland},
     {"IN", kIndia},       {"IT", kItaly},       {"JP", kJapan},      {"LU", kLuxembourg}, {"MX", kMexico},
     {"NL", kNetherlands}, {"NO", kNorway},      {"NZ", kNewZealand}, {"PL", kPoland},     {"PT", kPortugal},
     {"SE", kSweden},      {"US", kUnitedStates}}};

}  // namespace

std::span<const HolidayCountry> holiday_country_list() { return kCountries; }

}  // namespace rondo::detail
