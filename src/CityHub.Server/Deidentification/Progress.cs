namespace CityHub.Server.Deidentification;

/// <summary>How far a long step is: a line for each tenth, on standard error, and none for what is done within two seconds.</summary>
internal sealed class Progress(TextWriter to, TimeProvider clock, string what) : IProgress<double>
{
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(2);

    private readonly long began = clock.GetTimestamp();
    private readonly Lock gate = new();
    private int said;

    public void Report(double value)
    {
        var tenths = (int)(value * 10);
        lock (gate)
        {
            if (tenths <= said || clock.GetElapsedTime(began) < Silent)
                return;
            said = tenths;
            to.WriteLine(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{what}: {tenths * 10} %"));
        }
    }
}
