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
        var file = call.PathOf(Scheme) ?? "";
        var scheme = Read(file);
        using var keys = call.ReadKeys();
        var table = await call.ReadAsync(call.File, cancel);
        using var context = call.Context(scheme.Columns.Select(one => one.Hierarchy).OfType<Hierarchy>(), keys);
        var result = SchemeApplication.Apply(scheme, table, context, cancel);

        // 1 The release. A crash after it leaves a scheme that knows of fewer records than were released: the next classes look smaller than they are, and more is suppressed.
        // 2 The scheme. The other way round a class could pass because of records that nobody received.
        if (await TableFile.WriteAsync(result.Table, output, call.SeparatorChar ?? ',', cancel) is { } unwritten)
            return call.Verb.Refuse(unwritten);
        if (TableFile.Write(file, SchemeCodec.Write(result.Next)) is { } unkept)
        {
            File.Delete(output);
            return call.Verb.Refuse(unkept);
        }

        var risk = RiskFigures.Of(result.Next.Released.Sizes, call.PopulationSize);
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
