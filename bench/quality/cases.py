"""What is judged: one Case a command, with the figures that are taken from what it prints."""

from dataclasses import dataclass, field


@dataclass
class Figure:
    metric: str  # path in the JSON that the command prints, "test.rmse"; or a name that `read` knows
    must: float
    stretch: float | None = None
    least: bool = False  # the value must be at least `must`, else at most
    upper: float | None = None  # with `least`: and at most this


@dataclass
class Case:
    name: str
    command: list[str]  # $RONDO, $DATA and $WORK stand for the program, the shared data and a folder for made files
    figures: list[Figure]
    verdict: str | None = None
    data: bool = True  # needs the shared data
    against: str = ""  # what the figures are to be compared with
    prepare: list[list[str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)  # of the command
    # How the names of its entries begin, for a command that prints the list of them itself. Exit status 77: skip it, what it
    # needs is not here.
    entries: str = ""


def forecast(file, *options):
    return ["$RONDO", "forecast", file, *options, "--json", "--out", "$WORK/out"]


BANDS = [Figure("test.coverage80", 0.77, least=True, upper=0.83), Figure("test.coverage95", 0.935, least=True, upper=0.965)]


def etth1(horizon, must, stretch, against):
    return Case(
        f"ETTh1, H={horizon}",
        forecast("$DATA/timeseries/etth1/ETTh1.csv.gz", "--target", "all", "--time", "date", "--horizon", str(horizon),
                 "--split", "train=8640,validation=2880,test=2880", "--stride", "1"),
        [Figure("test.mse_scaled", must, stretch), *BANDS], against=against)


def exchange(horizon):
    return Case(
        f"exchange rates, {horizon} days",
        forecast("$DATA/timeseries/exchange/exchange_rate.txt.gz", "--target", "all", "--horizon", str(horizon),
                 "--split", "train=60%,validation=20%,test=20%", "--stride", "1"),
        [Figure("RSE of the last step / persistence", 1.03)], verdict="no better than naive",
        against="LSTNet 0.0226 at 3 days, persistence 0.0171")


def classic(name, file, target, time, rows, must, stretch, ridge):
    return Case(name, forecast(f"$DATA/timeseries/classic/{file}.csv", "--target", target, "--time", time, "--horizon", "1",
                               "--backtest", f"last={rows}"),
                [Figure("test.rmse", must, stretch)], against=f"best ridge {ridge}")


def business(name, horizon, rows, figures, against, *options):
    return Case(f"business: {name}",
                forecast(f"$DATA/timeseries/business/{name}.csv.gz", "--time", "ds", "--target", "y", *options, "--horizon", str(horizon),
                         "--backtest", f"last={rows}"),
                figures, against=against)


# Everything before the test part trains, origins a horizon apart; see the README of the data.
BUSINESS = [
    business("walmart", 13, 26, [Figure("test.mase", 1.15, 1.056)], "MSTL 1.112, seasonal naive 1.454", "--id", "id", "--known",
             "IsHoliday,Temperature,Fuel_Price"),
    business("m3-monthly-s", 18, 18, [Figure("test.mase", 0.92, 0.878)], "mean of ETS and Theta 0.924", "--id", "id"),
    business("hospital", 12, 12, [Figure("test.mase", 0.76, 0.722), Figure("test.rmse", 55, 51.6)],
             "mean of ETS and Theta 0.760 (RMSE 54.3)", "--id", "id"),
    business("carparts-even", 6, 6, [Figure("RMSE / imapa's RMSE", 1), Figure("MASE / tsb's MASE", 1)],
             "of all 2,509: IMAPA 0.946 (RMSE 1.042)", "--id", "id"),
    business("seatbelts", 12, 48, [Figure("test.mase", 0.81, 0.762)], "mean of ETS, Theta and ARIMA 0.802, Prophet 0.826", "--known",
             "law,PetrolPrice", "--past", "kms"),
    business("co2", 26, 208, [Figure("test.mase", 0.30, 0.282)], "MSTL 0.297"),
    business("peyton-daily", 30, 360, [Figure("test.mase", 0.83, 0.786)], "Prophet 0.827"),
    business("wiki-daily", 14, 56, [Figure("test.mase", 0.88, 0.823), Figure("test.rmse", 9200)], "ridge 0.866 (RMSE 9,106)", "--id",
             "id"),
]


def made(kind, seed):
    return [["python3", "bench/quality/make_series.py", kind, str(seed), "$WORK/series.csv"]]


def planted(name, kind, errors):
    return Case(f"planted leak, {name}", ["$RONDO", "check", "$WORK/series.csv", "--target", "value", "--json"],
                [Figure("errors", errors, least=True)], data=False, prepare=made(kind, 1))


CASES = [
    etth1(24, 0.300, 0.285, "ridge on 96 lags 0.314, a quick segment GRU 0.288"),
    etth1(96, 0.375, 0.350, "ridge on 96 lags 0.388, a quick segment GRU 0.372, SegRNN about 0.345"),
    Case("M4 hourly",
         forecast("$DATA/timeseries/m4-hourly/Hourly-train.csv.gz", "--wide", "--test-file",
                  "$DATA/timeseries/m4-hourly/Hourly-test.csv.gz", "--horizon", "48"),
         [Figure("test.owa", 0.48, 0.42), *BANDS], against="winner 0.440, best hourly 0.410, seasonal naive 0.627"),
    Case("Taylor demand",
         forecast("$DATA/timeseries/taylor-power/taylor.csv.gz", "--target", "Y", "--horizon", "48", "--backtest", "25%"),
         [Figure("test.mape", 1.5, 1.3)], against="weekly naive 2.36, with yesterday's deviation 1.41"),
    Case("Beijing PM2.5",
         forecast("$WORK/pm25.csv", "--target", "pm2.5", "--time", "time", "--past", "DEWP,TEMP,PRES,cbwd,Iws,Is,Ir",
                  "--horizon", "1", "--backtest", "last=35040"),
         [Figure("test.rmse", 26.0, 25.5)], against="persistence 26.56, ridge 26.29, tutorial LSTM 26.50",
         prepare=[["python3", "bench/quality/prepare_pm25.py", "$DATA/timeseries/beijing-pm25/pollution.csv.gz",
                   "$WORK/pm25.csv"]]),
    exchange(3), exchange(6), exchange(12), exchange(24),
    classic("airline passengers", "airline-passengers", "Passengers", "Month", 48, 14, 12.5, 12.7),
    classic("shampoo sales", "shampoo", "Sales", "Month", 12, 90, 69, 69),
    classic("daily minimum temperatures", "daily-min-temperatures", "Temp", "Date", 365, 2.21, 2.19, 2.198),
    classic("monthly sunspots", "monthly-sunspots", "Sunspots", "Month", 564, 18.3, 18.1, 18.21),
    Case("PhysioNet 2012, set B", ["bench/quality/physionet2012"],
         [], against="GRU with masks 0.837 to 0.846, GRU-D 0.842 on set A", environment={"RONDO_DATA": "$DATA"},
         entries="PhysioNet 2012, set B"),
    Case("online", ["bench/quality/online.sh", "$RONDO"], [], data=False, entries="online"),
    Case("backtest against Darts", ["python3", "bench/quality/darts_backtest.py", "$RONDO"], [], data=False, entries="backtest",
         against="Darts 0.48.1's RNNModel, its batched historical forecasts"),
    *[Case(f"random walk, seed {seed}",
           forecast("$WORK/series.csv", "--target", "value", "--horizon", "1"), [], verdict="no better than naive",
           data=False, prepare=made("walk", seed)) for seed in (1, 2, 3)],
    Case("noisy logistic map", forecast("$WORK/series.csv", "--target", "value", "--horizon", "1"),
         [Figure("skill", 0.5, least=True)], verdict="better", data=False, prepare=made("map", 1)),
    *BUSINESS,
    planted("centred moving average", "leak", 1),
    planted("scaler of all rows", "scaled", 2),
]
