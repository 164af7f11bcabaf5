namespace CityHub.Privacy;

/// <summary>Values as a report may show them, masked as papers and invoices in China mask them: their kind can be seen, the person cannot.</summary>
internal static class MaskedExample
{
    public static string Of(Detector detector, string value)
    {
        if (value.Length > 40)
            value = value[..40];
        if (detector == Detectors.Password || detector == Detectors.UrlWithUser || value.Length <= 1)
            return new string('*', Math.Min(8, value.Length));
        if (detector == Detectors.Email && value.IndexOf('@', StringComparison.Ordinal) is > 0 and var at)
            return value[0] + new string('*', at - 1 + (at == 1 ? 1 : 0)) + value[at..];
        // 110101********1234, 138****8000, 张*: a third at most at the front, a third at the end, of short ones only the first.
        var (head, tail) = value.Length < 5 ? (1, 0) : (Math.Min(6, value.Length / 3), Math.Min(4, (value.Length + 1) / 3));
        while (head + tail > (value.Length + 1) / 2 + 1)
            _ = tail > head ? tail-- : head--;
        return string.Concat(value.AsSpan(0, head), new string('*', value.Length - head - tail), value.AsSpan(value.Length - tail));
    }
}
