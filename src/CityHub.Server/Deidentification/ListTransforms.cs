using CityHub.Privacy;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Deidentification;

/// <summary><c>transforms</c>: what can be done to a column, by the families of GB/T 37964.</summary>
internal static class ListTransforms
{
    public static int Run(DeidentifyCall call)
    {
        foreach (var family in TransformCatalogue.All.GroupBy(one => one.Family))
        {
            call.Out.WriteLine($"{family.Key}");
            foreach (var one in family)
                call.Out.WriteLine($"  {one.Kind,-26} {one.Chinese} {one.English}{(one.Reversible ? "; reversible 可逆" : "")}");
        }

        return Exit.Done;
    }
}
