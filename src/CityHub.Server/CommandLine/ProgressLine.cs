using System.Globalization;
using CityHub.Sensing.Import;

namespace CityHub.Server.CommandLine;

/// <summary>How an import stands: one line drawn over and over on a terminal, else a line every few seconds.</summary>
internal sealed class ProgressLine(TextWriter to, bool interactive, TimeProvider clock)
{
    private const int BarWidth = 24;
    private static readonly TimeSpan Drawn = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Written = TimeSpan.FromSeconds(5);

    public async Task ShowAsync(ImportProgress progress, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interactive ? Drawn : Written, clock);
        var (file, began, fractionThen, rowsThen) = ("", clock.GetTimestamp(), 0.0, 0L);
        var widest = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                if (progress.File != file)
                    (file, began, fractionThen, rowsThen) = (progress.File, clock.GetTimestamp(), double.IsNaN(progress.Fraction) ? 0 : progress.Fraction, progress.Rows);
                var line = Text(progress, clock.GetElapsedTime(began), fractionThen, rowsThen);
                widest = Math.Max(widest, line.Length);
                if (interactive)
                    to.Write("\r" + line.PadRight(widest));
                else
                    to.WriteLine(line);
            }
        }
        catch (OperationCanceledException)
        {
            if (interactive && widest > 0)
                to.Write("\r" + new string(' ', widest) + "\r");
        }
    }

    /// <param name="fractionThen">Where it began: a resumed import has part of the file behind it already.</param>
    internal static string Text(ImportProgress progress, TimeSpan elapsed, double fractionThen, long rowsThen)
    {
        var seconds = Math.Max(0.001, elapsed.TotalSeconds);
        var rate = (progress.Rows - rowsThen) / seconds;
        var refused = progress.Refused == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"  {progress.Refused:N0} refused");
        if (double.IsNaN(progress.Fraction))
            return string.Create(CultureInfo.InvariantCulture, $"{progress.File}  {progress.Rows:N0} rows  {rate:N0} rows/s{refused}");
        var full = (int)(progress.Fraction * BarWidth);
        var pace = (progress.Fraction - fractionThen) / seconds;
        var left = pace <= 0 ? "" : "  " + Clock(TimeSpan.FromSeconds(Math.Min(359_999, (1 - progress.Fraction) / pace))) + " left";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{progress.File}  [{new string('#', full)}{new string('-', BarWidth - full)}] {progress.Fraction * 100:0} %  {progress.Rows:N0} rows  {rate:N0} rows/s{left}{refused}");
    }

    private static string Clock(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
