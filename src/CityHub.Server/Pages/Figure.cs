namespace CityHub.Server.Pages;

/// <summary>One live number of the start page and of <c>/status</c>. A room's numbers are given to the hub when the room is opened.</summary>
/// <param name="Key">Lower camel case, the member of <c>/status</c>.</param>
/// <param name="Counts">It only grows, so its rate per second is worth showing.</param>
internal sealed record Figure(string Key, string English, string Chinese, Func<double> Now, bool Counts = false)
{
    /// <summary>Where to look for more.</summary>
    public string? Page { get; init; }

    /// <summary>Anything but zero is worth a look.</summary>
    public bool Worries { get; init; }

    public string Label(string language) => language == "zh" ? Chinese : English;
}
