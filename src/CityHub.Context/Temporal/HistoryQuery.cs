using System.Xml;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Temporal;

public enum HistoryFormat
{
    Normalized,
    Concise,
    TemporalValues,
    Aggregated,
}

/// <summary>The temporal part of a query (clauses 4.11, 4.5.19): [<see cref="From"/>, <see cref="To"/>) in UTC ticks on a time property.</summary>
public sealed record HistoryQuery
{
    public long From { get; init; }

    public long To { get; init; } = long.MaxValue;

    /// <summary>A timerel was given.</summary>
    public bool Bounded { get; init; }

    /// <summary>observedAt, createdAt, modifiedAt or deletedAt; null: not asked, which means observedAt.</summary>
    public string? TimeProperty { get; init; }

    /// <summary>The newest so many of each attribute; 0: all.</summary>
    public int LastN { get; init; }

    public HistoryFormat Format { get; init; }

    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>Bucket width; null for one bucket over everything (PT0S).</summary>
    public string? Period { get; init; }

    private static readonly string[] AllMethods = ["totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq"];

    /// <param name="required">The operation needs a timerel (5.7.4: a temporal query without one has no interval).</param>
    internal static Result<HistoryQuery> Parse(Parameters parameters, bool required)
    {
        var query = new HistoryQuery();
        var timerel = parameters["timerel"];
        if (timerel is null && (parameters["timeAt"] is not null || parameters["endTimeAt"] is not null))
            return Parameters.Bad("timeAt and endTimeAt go with timerel.");
        if (timerel is null && required)
            return Parameters.Bad("A temporal query needs timerel and timeAt.", "timerel=after&timeAt=2026-11-01T00:00:00Z");
        if (timerel is not null)
        {
            if (parameters["timeAt"] is not { } at || !Names.TryParseTime(at, out var timeAt))
                return Parameters.Bad($"timeAt is \"{parameters["timeAt"]}\", not a UTC date-time.");
            var endTimeAt = 0L;
            if (timerel == "between" && (parameters["endTimeAt"] is not { } end || !Names.TryParseTime(end, out endTimeAt)))
                return Parameters.Bad($"endTimeAt is \"{parameters["endTimeAt"]}\", not a UTC date-time; between needs it.");
            switch (timerel)
            {
                case "after":
                    query = query with { From = timeAt, Bounded = true };
                    break;
                case "before":
                    query = query with { To = timeAt, Bounded = true };
                    break;
                case "between":
                    query = query with { From = timeAt, To = endTimeAt, Bounded = true };
                    break;
                default:
                    return Parameters.Bad($"timerel is \"{timerel}\"; it is after, before or between.");
            }
        }

        if (parameters["timeproperty"] is { } property)
        {
            if (property is not ("observedAt" or "createdAt" or "modifiedAt" or "deletedAt"))
                return Parameters.Bad($"timeproperty is \"{property}\"; it is observedAt, createdAt, modifiedAt or deletedAt.");
            query = query with { TimeProperty = property };
        }

        if (!parameters.Number("lastN", 0, 1, int.MaxValue).TryGet(out var lastN, out var problem))
            return problem;
        return Formatted(query with { LastN = lastN }, parameters);
    }

    /// <summary>The end of the bucket that begins at a time. Calendar durations (P1M) count months, the others ticks.</summary>
    public long BucketEnd(long start)
    {
        if (Period is null)
            return long.MaxValue;
        var (months, ticks) = Split(Period);
        return new DateTime(start, DateTimeKind.Utc).AddMonths(months).AddTicks(ticks).Ticks;
    }

    /// <summary>The width where every bucket has the same; null where months differ.</summary>
    public long? Width => Period is { } period && Split(period) is var (months, ticks) && months == 0 ? ticks : null;

    private static Result<HistoryQuery> Formatted(HistoryQuery query, Parameters parameters)
    {
        var format = parameters["format"] ?? parameters.List("options").FirstOrDefault(o => o is "temporalValues" or "aggregatedValues" or "simplified" or "concise" or "normalized")
            ?? (parameters["aggrMethods"] is null ? null : "aggregatedValues");
        switch (format)
        {
            case null or "normalized":
                return query;
            case "concise":
                return query with { Format = HistoryFormat.Concise };
            case "temporalValues" or "simplified":
                return query with { Format = HistoryFormat.TemporalValues };
            case "aggregatedValues":
                break;
            default:
                return Parameters.Invalid($"There is no format \"{format}\" here.", "normalized, concise, temporalValues, aggregatedValues");
        }

        var methods = parameters.List("aggrMethods");
        if (methods.Count == 0)
            return Parameters.Bad("aggregatedValues needs aggrMethods.", string.Join(", ", AllMethods));
        foreach (var method in methods)
            if (!AllMethods.Contains(method))
                return Parameters.Bad($"aggrMethods: there is no aggregation method \"{method}\".", string.Join(", ", AllMethods));
        var period = parameters["aggrPeriodDuration"] ?? "PT0S";
        try
        {
            var (months, ticks) = Split(period);
            if (months < 0 || ticks < 0)
                return Parameters.Bad($"aggrPeriodDuration is \"{period}\", which is negative.");
            return query with { Format = HistoryFormat.Aggregated, Methods = methods, Period = months == 0 && ticks == 0 ? null : period };
        }
        catch (FormatException)
        {
            return Parameters.Bad($"aggrPeriodDuration is \"{period}\", not an ISO 8601 duration.", "PT5M, PT1H, P1D, P1M; PT0S for everything in one.");
        }
    }

    private static (int Months, long Ticks) Split(string period)
    {
        // XmlConvert counts a month as 30 days: years and months are taken out first.
        var time = period.IndexOf('T', StringComparison.Ordinal);
        var date = time < 0 ? period : period[..time];
        var (months, rest, number) = (0, "P", "");
        foreach (var c in date.AsSpan(date.StartsWith('P') ? 1 : throw new FormatException()))
        {
            if (char.IsAsciiDigit(c))
                number += c;
            else
            {
                if (number.Length is 0 or > 6)
                    throw new FormatException();
                var count = int.Parse(number, System.Globalization.CultureInfo.InvariantCulture);
                if (c == 'Y')
                    months += 12 * count;
                else if (c == 'M')
                    months += count;
                else if (c == 'W')
                    rest += $"{7 * count}D";
                else
                    rest += $"{number}{c}";
                number = "";
            }
        }

        if (number.Length > 0 || period.Length < 2)
            throw new FormatException();
        if (time >= 0)
            rest += period[time..];
        return (months, rest == "P" ? 0 : XmlConvert.ToTimeSpan(rest).Ticks);
    }
}
