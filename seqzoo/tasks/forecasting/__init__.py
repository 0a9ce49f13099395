"""Forecasting: the next values of time series."""

from seqzoo.tasks.forecasting.commands import PredictFlags as PredictFlags
from seqzoo.tasks.forecasting.commands import WatchFlags as WatchFlags
from seqzoo.tasks.forecasting.commands import check_quantiles as check_quantiles
from seqzoo.tasks.forecasting.commands import watch as watch
from seqzoo.tasks.forecasting.data import HOURLY as HOURLY
from seqzoo.tasks.forecasting.data import load as load
from seqzoo.tasks.forecasting.data import load_test as load_test
from seqzoo.tasks.forecasting.task import ForecastingTask as ForecastingTask
