using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary><c>apply FILE --scheme S</c>: more data under a scheme, checked together with what has been released under it; the scheme is brought up to date once the release is on the disk.</summary>
internal static class ApplyScheme
{
    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        var output = call.PathOf(DeidentifyOptions.Out) ?? throw new CommandLineException("--out is missing: where shall the release go?");
        call.Required(Scheme);
        call.RequireDifferentFiles(DeidentifyOptions.Out, Scheme);
        var file = call.PathOf(Scheme) ?? "";
        using var held = Hold(file);
        var scheme = Read(file);
        using var keys = call.ReadKeys();
        var table = await call.ReadAsync(call.File, cancel);
        using var context = call.Context(scheme.Columns.Select(one => one.Hierarchy).OfType<Hierarchy>(), keys);
        var result = SchemeApplication.Apply(scheme, table, context, call.Has(Cumulative), cancel);
        var outcome = new ReleaseOutcome
        {
            Input = null, Output = result.Table, Columns = scheme.Columns, Models = scheme.Models, Transforms = scheme.Transforms, Sharing = SharingType.Public, AttackProbability = 1, Population = null,
            Hierarchies = [.. scheme.QuasiIdentifiers.Select(one => one.Hierarchy).OfType<Hierarchy>()],
        };
        outcome.RequireNoDirectIdentifier(call.Names(Keep));
        Check(scheme, result, call.Has(Cumulative));
        var risk = RiskFigures.Of(result.Next.Released.Sizes, call.PopulationSize);

        // 1 The release. A crash after it leaves a scheme that knows of fewer records than were released: the next classes look smaller than they are, and more is suppressed.
        // 2 The scheme. The other way round a class could pass because of records that nobody received.
        if (await TableFile.WriteAsync(result.Table, output, call.SeparatorChar ?? ',', cancel) is { } unwritten)
            return call.Verb.Refuse(unwritten);
        if (TableFile.Write(file, SchemeCodec.Write(result.Next)) is { } unkept)
        {
            call.Verb.Error.WriteLine($"The release {output} was written, and the scheme could not be brought up to date: do not hand it out.");
            return call.Verb.Refuse(unkept);
        }

        if (call.Json)
        {
            call.Out.WriteLine(JsonLine.Of(json =>
            {
                json.WriteNumber("rows", table.Rows);
                json.WriteNumber("suppressed", result.Suppressed);
                json.WriteNumber("recordsInAll", result.Next.Released.Records);
                json.WriteNumber("suppressedInAll", result.Next.Released.Suppressed);
                JsonLine.Write(json, "riskAfter", risk);
            }));
        }
        else
        {
            call.Out.WriteLine(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{table.Rows:N0} records released, {result.Suppressed:N0} of them suppressed. In all {result.Next.Released.Records:N0} under this scheme: {risk.Classes:N0} classes, the smallest has {risk.Sizes.Smallest}; a risk of {risk.Highest:P2} at most."));
        }

        return Exit.Done;
    }

    /// <summary>Two who apply one scheme at once would each forget the other's records.</summary>
    private static FileStream Hold(string scheme)
    {
        try
        {
            return new FileStream(scheme + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.SchemeUnreadable, $"{scheme} is in use or cannot be held: {e.Message}", "Wait for the other one to end."), e);
        }
    }

    /// <summary>
    /// From the texts alone, by code that shares nothing with the scheme's. Models that compare with the distribution of the whole are left out: the new file is not the whole.
    /// </summary>
    private static void Check(DeidentificationScheme scheme, SchemeResult result, bool cumulative)
    {
        IReadOnlyList<PrivacyModel> models = [.. scheme.Models.Where(one => one is KAnonymity or DistinctDiversity or EntropyDiversity or RecursiveDiversity)];
        if (cumulative || models.Count == 0)
            return;
        var verdict = new ReleaseCheck { Input = result.Table, Release = result.Table, QuasiIdentifiers = [.. scheme.QuasiIdentifiers.Select(one => one.Name)], Models = models }.Run();
        if (!verdict.Passes)
            throw new InvalidOperationException($"The scheme gave what the check refuses: {verdict.Failures[0]}");
    }

    public static DeidentificationScheme Read(string path)
    {
        try
        {
            return SchemeCodec.Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.SchemeUnreadable, $"{path} cannot be read: {e.Message}", "cityhub deidentify fit … --scheme FILE writes one."), e);
        }
    }
}
