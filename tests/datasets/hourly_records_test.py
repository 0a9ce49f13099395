"""Hourly records: the rules by which their rows become series."""

import numpy as np
import pytest
from network import fetching

from seqzoo.datasets import hourly_records

BEIJING = """No,year,month,day,hour,pm2.5,DEWP,TEMP,PRES,cbwd,Iws,Is,Ir
1,2010,1,1,0,NA,-21,-11,1021,NW,1.5,0,0
2,2010,1,1,1,129,-20,-10,1020,cv,0,3,1
"""
TRAFFIC = """holiday,temp,rain_1h,snow_1h,clouds_all,weather_main,weather_description,date_time,traffic_volume
Columbus Day,288.0,0.0,0.0,40,Clouds,scattered clouds,2012-10-08 00:00:00,500
None,0.0,9831.3,0.0,75,Clouds,broken clouds,2012-10-08 02:00:00,400
None,289.0,0.0,0.0,75,Rain,light rain,2012-10-08 02:00:00,400
None,289.0,0.5,0.0,75,Rain,light rain,2012-10-09 00:00:00,450
"""


def test_missing_numbers_and_covariates_of_the_air():
    records = hourly_records.parse("beijing_pm", BEIJING)
    np.testing.assert_array_equal(records.series.target, [np.nan, 129])
    past = dict(zip(records.past, records.series.past.T, strict=True))
    np.testing.assert_allclose(past["wind"], [np.log(2.5), 0])
    np.testing.assert_array_equal([past["wind_north"], past["wind_east"]], [[1, 0], [-1, 0]])
    assert list(past["snow"]) == [0, 3] and records.known == ()
    assert str(records.series.times()[0]) == "2010-01-01T00"


def test_repeated_hours_gaps_outliers_and_holidays_of_the_traffic():
    records = hourly_records.parse("traffic_volume", TRAFFIC)
    series = records.series
    assert len(series) == 25 and np.isnan(series.target).sum() == 22
    assert list(series.target[[0, 2, 24]]) == [500, 400, 450]
    past = dict(zip(records.past, series.past.T, strict=True))
    assert np.isnan(past["temp"][2]) and np.isnan(past["rain_1h"][2]) and past["rain_1h"][24] == 0.5
    np.testing.assert_array_equal(series.known[:, 0], [1] * 24 + [0])


@pytest.mark.full
def test_the_three_files_are_what_the_docstring_says(tmp_path):
    with fetching():
        found = {name: hourly_records.read(name, tmp_path).series for name in hourly_records.MEMBERS}
    assert [len(series) for series in found.values()] == [78421, 43824, 52551]
    assert [int(np.isnan(series.target).sum()) for series in found.values()] == [0, 2067, 11976]
