using System.Globalization;
using CityHub.Privacy;
using CityHub.Server.CommandLine;
using static CityHub.Server.Deidentification.DeidentifyOptions;

namespace CityHub.Server.Deidentification;

/// <summary>
/// <c>transform FILE</c>: transforms alone, without a model. Where each cell of the result depends on its cell alone, CSV is read and written row by row, however large it is; otherwise
/// the table is held in memory.
/// </summary>
internal static class TransformTable
{
    public static async Task<int> RunAsync(DeidentifyCall call, CancellationToken cancel)
    {
        var output = call.PathOf(DeidentifyOptions.Out) ?? throw new CommandLineException("--out is missing: where shall the result go?");
        var transforms = call.Transforms();
        if (transforms.Count == 0)
            throw new CommandLineException("--transform or --drop is missing: what shall be done?", "cityhub deidentify transforms lists what can be.");
        using var keys = call.ReadKeys();
        var streams = !TableFile.IsParquet(call.File) && !TableFile.IsParquet(output) && transforms.All(one => one is ValueTransform and not Generalise or SuppressColumns);
        long rows;
        if (streams)
        {
            using var context = call.Context([], keys);
            try
            {
                rows = Stream(call, transforms, context, output, cancel);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return call.Verb.Refuse(File.Exists(call.File)
                    ? DeidentifyProblems.OutputUnwritable.Because($"{output} cannot be written: {e.Message}", "Free space or give another name with --out; what stood there before is untouched.")
                    : DeidentifyProblems.TableUnreadable.Because($"{call.File} cannot be read: {e.Message}", "Is the path right, and may you read it?"));
            }
        }
        else
        {
            var table = await call.ReadAsync(call.File, cancel);
            using var context = call.Context(call.Has(HierarchyOf) || call.Has(Hierarchies) ? call.ReadHierarchies(table, call.Names(Quasi)) : [], keys);
            foreach (var transform in transforms)
                table = transform.Apply(table, context);
            if (await TableFile.WriteAsync(table, output, call.SeparatorChar ?? ',', cancel) is { } unwritten)
                return call.Verb.Refuse(unwritten);
            rows = table.Rows;
        }

        call.Out.WriteLine(call.Json
            ? JsonLine.Of(json =>
            {
                json.WriteNumber("rows", rows);
                json.WriteBoolean("streamed", streams);
            })
            : string.Create(CultureInfo.InvariantCulture, $"{rows:N0} rows. No model was asked for: whether somebody can be singled out is not known."));
        return Exit.Done;
    }

    private static long Stream(DeidentifyCall call, IReadOnlyList<Transform> transforms, TransformContext context, string output, CancellationToken cancel)
    {
        using var rows = new CsvRows(call.File, new CsvOptions { Separator = call.SeparatorChar, NullWords = call.All(Null), Progress = call.Progress("transforming") }, cancel);
        var functions = new List<ValueFunction>[rows.Names.Count];
        var dropped = new bool[functions.Length];
        for (var i = 0; i < functions.Length; i++)
            functions[i] = [];
        foreach (var transform in transforms)
        {
            if (transform is SuppressColumns columns)
            {
                foreach (var name in columns.Columns)
                    dropped[Place(rows, name)] = true;
            }
            else if (transform is ValueTransform value)
            {
                functions[Place(rows, value.Column)].Add(value.Open(context));
            }
        }

        var count = 0L;
        WholeFile.Write(output, file =>
        {
            var writer = new CsvWriter(file, call.SeparatorChar ?? rows.Separator);
            writer.Row([.. rows.Names.Where((_, i) => !dropped[i])]);
            while (rows.Next())
            {
                for (var i = 0; i < functions.Length; i++)
                {
                    if (!dropped[i])
                        writer.Field(Treated(rows, i, functions[i]));
                }

                writer.EndRow();
                if ((++count & 0xFFFF) == 0)
                    cancel.ThrowIfCancellationRequested();
            }

            writer.Flush();
        });
        return count;
    }

    private static string Treated(CsvRows rows, int column, List<ValueFunction> functions)
    {
        var text = rows[column];
        try
        {
            foreach (var function in functions)
                text = function(text);
            return text;
        }
        catch (PrivacyException e) when (e.Refusal.Row is null)
        {
            throw new PrivacyException(e.Refusal with { Column = rows.Names[column], Row = rows.Row }, e);
        }
    }

    private static int Place(CsvRows rows, string name)
    {
        for (var i = 0; i < rows.Names.Count; i++)
        {
            if (rows.Names[i] == name)
                return i;
        }

        throw new PrivacyRefusal(PrivacyCodes.ColumnUnknown, $"There is no column {name}.", $"The file has: {string.Join(", ", rows.Names)}.") { Column = name }.ToException();
    }
}
