import { Err } from "../../helpers.ts";
import { isPerson } from "./choose.ts";
import { appointment } from "./set-operator.ts";
import { aims } from "./step.ts";

export const setOperatorErrors = aims("set-operator", [
  [
    Err.NOT_AUTHORISED,
    (model, dice) => {
      const call = appointment(model, dice);
      return isPerson(model, call.sender) ? { ...call, route: "relay" } : null;
    },
  ],
]);
