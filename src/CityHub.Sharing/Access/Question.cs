using System.Collections.Immutable;
using System.Globalization;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Access;

/// <summary>An ask that has passed everything before the grants, ready to be put to each of them.</summary>
/// <param name="inherent">Of the dataset (and what it was made from) and of the purpose: binds whatever the grant says.</param>
internal readonly struct Question(Ask ask, Dataset dataset, IPurposes purposes, Obligations inherent, DateTimeOffset now)
{
    public const int Tests = (int)GrantTest.Period + 1;

    public Ask Ask => ask;

    public Dataset Dataset => dataset;

    public DateTimeOffset Now => now;

    /// <summary>True when the grant alone permits all of it.</summary>
    public bool Permits(Grant grant)
    {
        for (var test = GrantTest.State; test <= GrantTest.Period; test++)
            if (!Passes(test, grant))
                return false;
        return true;
    }

    public bool Passes(GrantTest test, Grant grant) => test switch
    {
        GrantTest.State => grant.State == GrantState.Active,
        GrantTest.Validity => grant.From <= now && now < grant.Until && Before(grant.Obligations.Expires) && Before(inherent.Expires),
        GrantTest.Right => (grant.Rights & ask.Right) != 0,
        GrantTest.Mode => ask.Right == Rights.Collect || (grant.Modes & dataset.Modes & ask.Mode) != 0,
        GrantTest.Purpose => purposes.Covers(grant.Purpose, ask.Purpose),
        GrantTest.Fields => FieldsWithin(grant.Obligations),
        GrantTest.Area => ask.Area is null || AreaWithin(grant.Obligations),
        GrantTest.Period => (ask.From is null && ask.To is null) || PeriodWithin(grant.Obligations),
        _ => false,
    };

    /// <summary>The grant's obligations met with those that bind anyway, narrowed to what was asked.</summary>
    public Obligations Narrowed(Grant grant)
    {
        var met = grant.Obligations.Meet(inherent);
        if (ask.Fields is { } fields && !(met.Fields is { } may && may.Count == fields.Length))
            met = met with { Fields = [.. fields] };
        if (ask.Area is { } area && dataset.Area is { } place)
            met = met with { Rows = met.Rows.Add(new RowRule(place, RowTest.Under, [AdminCodes.Prefix(area)])) };
        if ((ask.From is not null || ask.To is not null) && dataset.Time is { } time)
            met = met with { Rows = met.Rows.Add(new RowRule(time, RowTest.Between, [TimeText(ask.From, up: true), TimeText(ask.To, up: false)])) };
        return met;
    }

    /// <summary>The asked fields that may not be had under the grant, in the order of the ask.</summary>
    public IEnumerable<string> FieldsBeyond(Grant grant)
    {
        var question = this;
        return (ask.Fields ?? []).Where(field => !question.FieldWithin(field, grant.Obligations));
    }

    private bool Before(DateTimeOffset? end) => end is null || now < end;

    private bool FieldsWithin(Obligations granted)
    {
        if (ask.Fields is not { } fields)
            return granted.Fields is null || inherent.Fields is null ? granted.Fields?.Count != 0 && inherent.Fields?.Count != 0 : granted.Fields.Overlaps(inherent.Fields);
        foreach (var field in fields)
            if (!FieldWithin(field, granted))
                return false;
        return true;
    }

    private bool FieldWithin(string field, Obligations granted) =>
        (granted.Fields is null || granted.Fields.Contains(field)) && (inherent.Fields is null || inherent.Fields.Contains(field)) && Known(field) is not null;

    private DataField? Known(string name)
    {
        var fields = dataset.Fields;
        for (var i = 0; i < fields.Count; i++)
            if (fields[i].Name == name)
                return fields[i];
        return null;
    }

    /// <summary>Who picks rows by a field learns the field: he must have been granted it, unmasked.</summary>
    private bool MayPickBy(string field, Obligations granted) =>
        FieldWithin(field, granted) && granted.MaskOf(field) == MaskKind.Raw && inherent.MaskOf(field) == MaskKind.Raw;

    private bool AreaWithin(Obligations granted)
    {
        if (dataset.Area is not { } place || ask.Area is not { Length: > 0 } area)
            return false;
        var prefix = AdminCodes.Prefix(area);
        return AreaWithin(prefix, place, granted.Rows) && AreaWithin(prefix, place, inherent.Rows)
            && (MayPickBy(place, granted) || MayPickCoarsely(prefix, place, granted) || IsWhole(new RowRule(place, RowTest.Under, [prefix]), granted));
    }

    /// <summary>A code that is rolled up to districts may be picked by districts, and by what is larger.</summary>
    private bool MayPickCoarsely(string prefix, string place, Obligations granted) =>
        FieldWithin(place, granted) && granted.MaskOf(place) <= MaskKind.Coarse && inherent.MaskOf(place) <= MaskKind.Coarse
        && granted.MaskOf(place) != MaskKind.Partial && inherent.MaskOf(place) != MaskKind.Partial
        && granted.Grain.Space > default(Core.Grains.SpaceGrain) && prefix.Length <= AdminCodes.Digits(granted.Grain.Coarsest(inherent.Grain).Space);

    /// <summary>It asks for no less than the grant gives, so that it picks nothing.</summary>
    private bool IsWhole(RowRule asked, Obligations granted) => granted.Rows.Contains(asked) || inherent.Rows.Contains(asked);

    private static bool AreaWithin(string prefix, string place, ImmutableHashSet<RowRule> rows)
    {
        if (rows.IsEmpty)
            return true;
        foreach (var rule in rows)
            if (rule.Field == place && !AreaWithin(prefix, rule))
                return false;
        return true;
    }

    private static bool AreaWithin(string prefix, RowRule rule)
    {
        if (rule.Test == RowTest.Between)
            return rule.Values.Length == 2 && string.CompareOrdinal(prefix, rule.Values[0]) >= 0 && (rule.Values[1].Length == 0 || string.CompareOrdinal(prefix, rule.Values[1]) < 0);
        foreach (var value in rule.Values)
            if (rule.Test == RowTest.Under ? prefix.StartsWith(value, StringComparison.Ordinal) : prefix == value)
                return true;
        return false;
    }

    private bool PeriodWithin(Obligations granted)
    {
        if (dataset.Time is not { } time || Known(time) is not { Type: ColumnType.Date or ColumnType.Instant })
            return false;
        return PeriodWithin(time, granted.Rows) && PeriodWithin(time, inherent.Rows)
            && (MayPickBy(time, granted) || IsWhole(new RowRule(time, RowTest.Between, [TimeText(ask.From, up: true), TimeText(ask.To, up: false)]), granted));
    }

    private bool PeriodWithin(string time, ImmutableHashSet<RowRule> rows)
    {
        if (rows.IsEmpty)
            return true;
        foreach (var rule in rows)
            if (rule.Field == time && !PeriodWithin(rule))
                return false;
        return true;
    }

    private bool PeriodWithin(RowRule rule)
    {
        if (rule.Test != RowTest.Between || rule.Values.Length != 2)
            return false;
        var (low, high) = (rule.Values[0], rule.Values[1]);
        if (IsDate)
            return (ask.From is null || ((low.Length == 0 || string.CompareOrdinal(TimeText(ask.From, up: true), low) >= 0) && (high.Length == 0 || string.CompareOrdinal(TimeText(ask.From, up: true), high) < 0)))
                && (ask.To is null || ((high.Length == 0 || string.CompareOrdinal(TimeText(ask.To, up: false), high) <= 0) && (low.Length == 0 || string.CompareOrdinal(TimeText(ask.To, up: false), low) > 0)));
        var from = low.Length == 0 ? DateTimeOffset.MinValue : Parse(low);
        var to = high.Length == 0 ? DateTimeOffset.MaxValue : Parse(high);
        return from is not null && to is not null && (ask.From is null || (ask.From >= from && ask.From < to)) && (ask.To is null || (ask.To <= to && ask.To > from));
    }

    private bool IsDate => dataset.Time is { } time && Known(time)?.Type == ColumnType.Date;

    /// <summary>A day belongs to a period only whole: the beginning is rounded up, the end down.</summary>
    private string TimeText(DateTimeOffset? at, bool up)
    {
        if (at is not { } instant)
            return "";
        if (!IsDate)
            return instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        var day = DateOnly.FromDateTime(instant.DateTime);
        return (up && instant.TimeOfDay > TimeSpan.Zero && day < DateOnly.MaxValue ? day.AddDays(1) : day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private static DateTimeOffset? Parse(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
